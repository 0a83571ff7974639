"""Questions to ``GET /v1/costs`` that together read every table, group by every dimension and use every interval."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.cost_bill import Bill, Row, bills, item_key, last_attempts
from benchmarks.cost_calls import FIRST_TS_US
from watchkeeper.storage.call_filter import DIMENSIONS

FIRST = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how the truth finds it."""

    dimensions: tuple[str, ...]
    interval: str = ""
    begin: datetime = FIRST
    days: float = 45.0
    only: Mapping[str, str] = field(default_factory=dict)
    retries: bool = False
    source: tuple[str, ...] = ()
    """Tables that must be read; empty: any."""

    @property
    def end(self) -> datetime:
        return self.begin + timedelta(days=self.days)

    def parameters(self) -> dict[str, Any]:
        """Of the request."""
        asked: dict[str, Any] = {
            "group_by": list(self.dimensions),
            "interval": self.interval,
            "start": self.begin.isoformat(),
            "end": self.end.isoformat(),
            "limit": 50_000,
            **self.only,
        }
        return asked | ({"include": "retries"} if self.retries else {})

    def __str__(self) -> str:
        words = [",".join(self.dimensions) or "everything", self.interval, *self.only.values(), *self.source]
        return "-".join(word for word in words if word) + ("-retries" if self.retries else "")


QUESTIONS = (
    *(Question((name,)) for name in (*DIMENSIONS, "tag:team")),
    *(Question(("model",), interval) for interval in ("1h", "6h", "1d", "1w", "1mo")),
    Question((), source=("calls_1d",)),
    Question(("service", "route", "model", "outcome"), "1d", source=("calls_1d",)),
    Question(("model",), begin=FIRST + timedelta(hours=7), source=("calls_1h", "calls_1d")),
    Question(("model", "variant"), "1h", FIRST + timedelta(days=3), 2, source=("calls_1h",)),
    Question(("provider",), "", FIRST + timedelta(days=3, minutes=17), 1.3, source=("calls_1m",)),
    Question(("tenant", "user_hash"), "1d", FIRST + timedelta(days=3, seconds=7.5), 9.7, source=("calls",)),
    Question(("model",), only={"tenant": "acme"}, source=("calls",)),
    Question(("model",), only={"service": "search", "outcome": "refused"}, source=("calls_1d",)),
    Question(("route",), retries=True, source=("calls",)),
)


def differences(question: Question, answer: Mapping[str, Any], rows: Sequence[Row]) -> Iterator[str]:
    """How ``answer`` differs from the sum of ``rows``, all the calls there are; in its groups and in its totals."""
    begin, end = (datetime.fromisoformat(answer[name]) for name in ("start", "end"))
    chosen = [
        row
        for row in rows
        if begin <= row["ts"] < end and all(row[name] == value for name, value in question.only.items())
    ]
    lasts = last_attempts(rows) if question.retries else {}
    truth = bills(chosen, question.dimensions, question.interval, lasts)
    items = {item_key(item, question.dimensions): item for item in answer["rows"]}
    if question.source and tuple(answer["source"]) != question.source:
        yield f"{question}: read from {answer['source']}"
    if not (begin <= question.begin and end >= question.end):
        yield f"{question}: {begin} to {end} is not all of the period"
    if items.keys() != truth.keys() or len(items) != len(answer["rows"]):
        yield f"{question}: groups differ: {sorted(items.keys() ^ truth.keys())[:3]}"
        return
    total = sum(truth.values(), Bill())
    for key, bill, item in [*((key, truth[key], items[key]) for key in truth), ((), total, answer["totals"])]:
        yield from (f"{question} {key}: {difference}" for difference in bill.differences(item))
