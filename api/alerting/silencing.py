"""Mutes over the API."""

from dataclasses import dataclass

from api.access import Caller
from api.alerting.engine import AlertEngine
from api.alerting.models import MuteBody, MuteItem, MuteList
from api.problems import Problem
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.storage.alert_mutes import MOST_MUTES, lift_mute, save_mute, standing_mutes
from watchkeeper.storage.client import Store


@dataclass(frozen=True, slots=True)
class Silencing:
    """Lists, sets and lifts mutes."""

    writer: Store
    clock: Clock
    engine: AlertEngine

    def listing(self) -> MuteList:
        """Those that stand."""
        return MuteList(rows=[MuteItem.model_validate(one) for one in self.engine.mutes()])

    def set(self, body: MuteBody, caller: Caller) -> MuteItem:
        """The mute as it stands. Raises :class:`Problem` 422 for one that is wrong, 409 where there are too many."""
        now = self.clock.now()
        try:
            made = self.engine.new_mute(body.model_dump(mode="json", by_alias=True, exclude_none=True), caller.name)
        except ConfigError as error:
            raise Problem(422, "The mute is wrong", f"{error}.") from None
        if made.until is not None and made.until <= now:
            raise Problem(422, "The mute is wrong", "`to` is over already: it would mute nothing.")
        if len(standing_mutes(self.writer, now)) >= MOST_MUTES:
            raise Problem(409, "Too many mutes", f"{MOST_MUTES:,} stand: lift one that is no longer needed.")
        save_mute(self.writer, made)
        return MuteItem.model_validate_json(made.mute)

    def lift(self, mute: str, caller: Caller) -> None:
        """Raises :class:`Problem` 404 where none of that id stands."""
        if not lift_mute(self.writer, mute, caller.name, self.clock.now()):
            raise Problem(404, "No such mute", f"no mute {mute} stands: GET /v1/alerts/mutes lists those that do.")
