"""Which events a rule or a mute is about."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from alerts.event import Event, Severity
from alerts.record import Record
from watchkeeper.series_id import ANY

KINDS = (
    "regression", "outage", "traffic_stop", "served_model_change", "usage_missing", "mix_shift", "cost_spike",
    "budget", "comparison", "migration", "deprecation", "unpriced", "pipeline",
)  # fmt: skip
_MOST_WORDS = 100


def _words(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _kind(value: Any) -> Any:
    if isinstance(value, str) and "*" not in value and value not in KINDS:
        raise ValueError(f"{value[:40]!r} is no kind: write some of {', '.join(KINDS)}")
    return value


def _severity(value: Any) -> Any:
    if value not in list(Severity):
        raise ValueError(f"{str(value)[:40]!r} is no severity: write some of {', '.join(Severity)}")
    return value


Word = Annotated[str, Field(min_length=1, max_length=300)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_words), Field(max_length=_MOST_WORDS)]
Kinds = Annotated[tuple[Annotated[Word, BeforeValidator(_kind)], ...], BeforeValidator(_words)]
Severities = Annotated[tuple[Annotated[Severity, BeforeValidator(_severity)], ...], BeforeValidator(_words)]


class Match(Record):
    """All of what is named must fit; of the words of one name, one. ``*`` in a word stands for anything.

    ``effect`` is the least relative size of the change (0.2: a fifth more or less); what has no size, such as an
    outage, is not held back by it. An event of all routes or models fits every service, route, provider and model.
    """

    id: Words = ()
    kind: Kinds = ()
    severity: Severities = ()
    service: Words = ()
    route: Words = ()
    provider: Words = ()
    model: Words = ()
    metric: Words = ()
    environment: Words = ()
    subject: Words = ()
    effect: float | None = Field(default=None, ge=0, le=1_000, allow_inf_nan=False)

    def misfit(self, event: Event) -> str:
        """Why ``event`` does not fit, in words; empty where it does."""
        for name, values in self._named(event):
            words: tuple[str, ...] = getattr(self, name)
            if words and not _one_fits(words, values):
                is_now = ", ".join(value for value in values if value) or "not known"
                return f"{name} is {is_now}, not {' or '.join(words)}"
        effect = event.effect
        if self.effect is not None and effect is not None and effect < self.effect:
            return f"its effect is {effect:.0%}, less than {self.effect:.0%}"
        return ""

    @staticmethod
    def _named(event: Event) -> Iterable[tuple[str, tuple[str, ...]]]:
        places = [place.partition("/") for place in event.places]
        yield "id", (event.id,)
        yield "kind", (event.kind,)
        yield "severity", (event.severity.value,)
        yield "service", tuple(dict.fromkeys((event.service, *(service for service, _, _ in places))))
        yield "route", tuple(dict.fromkeys((event.route, *(route for _, _, route in places))))
        yield "provider", (event.provider,)
        yield "model", tuple(dict.fromkeys((event.model, event.served)))
        yield "metric", (event.metric,)
        yield "environment", event.environments
        yield "subject", (event.subject,)


def _one_fits(words: tuple[str, ...], values: tuple[str, ...]) -> bool:
    # What is of all routes concerns each of them, unless it says which.
    known = tuple(value for value in values if value != ANY)
    if not known and ANY in values:
        return True
    return any(fnmatchcase(value, word) for value in known for word in words)
