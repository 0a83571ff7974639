"""What the API needs of the alerts' own code, which the process puts in: services know nothing of one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from watchkeeper.errors import ConfigError
from watchkeeper.storage.alert_mutes import StoredMute

Document = Mapping[str, Any]
"""Rules or a mute, as a rules file has them."""


class UnknownChannel(ConfigError):
    """The rules in force have no channel of that name."""


@dataclass(frozen=True, slots=True)
class PreviewQuestion:
    """What would rules have sent of the events of ``[begin, end)``?"""

    rules: Document | None
    """None: those in force."""
    begin: datetime
    end: datetime
    budget_s: float
    """Longest time to look."""


class AlertEngine(Protocol):
    """All methods may be called from several threads. :class:`~watchkeeper.errors.ConfigError` says what is wrong and
    how to mend it; no text and no result holds a secret.
    """

    @property
    def rules_file(self) -> str:
        """Path of the file that holds the rules; empty where none is set, so that those of the store count."""
        ...

    def file_rules(self) -> Document:
        """The rules of the file, without secrets. Raises :class:`ConfigError` where it is wrong."""
        ...

    def check_rules(self, rules: Document) -> None:
        """Could these rules count, coming over the network? Raises :class:`ConfigError` where they could not."""
        ...

    def preview(self, question: PreviewQuestion) -> Mapping[str, Any]:
        """Fields of :class:`~api.alerting.models.PreviewAnswer`. Raises :class:`ConfigError` for wrong rules."""
        ...

    def try_channel(self, name: str) -> str:
        """Send a test message to a channel of the rules in force; why it did not get through, empty where it did.

        Raises :class:`UnknownChannel`, and :class:`ConfigError` where there are no rules, or a secret is missing here.
        """
        ...

    def new_mute(self, mute: Document, by: str) -> StoredMute:
        """The mute, as of now and with an id of its own, to be stored: JSON with fields of
        :class:`~api.alerting.models.MuteItem`. Raises :class:`ConfigError` for one that is wrong.
        """
        ...

    def mutes(self) -> Sequence[Document]:
        """Fields of :class:`~api.alerting.models.MuteItem` of all that stand, those of the rules in force too."""
        ...
