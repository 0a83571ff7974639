"""What calls cost, added up one by one in plain Python: the truth that ``GET /v1/costs`` is compared with.

Nothing here knows SQL, rollups or numpy; a call is a dictionary as :data:`watchkeeper.schema.CALLS` has it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Key = tuple[str, ...]
_NOTHING = Decimal(0)
_PLAIN = ("calls", "successful_calls", "unpriced_calls", "with_usage", "cost_usd")
PARTS = {
    "uncached_input_usd": "cost_input_usd",
    "cache_read_usd": "cost_cache_read_usd",
    "cache_write_usd": "cost_cache_write_usd",
    "output_usd": "cost_output_usd",
}
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")


@dataclass(slots=True)
class Bill:
    """The sums of one group."""

    calls: int = 0
    successful_calls: int = 0
    unpriced_calls: int = 0
    with_usage: int = 0
    cost_usd: Decimal = _NOTHING
    parts: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(PARTS, _NOTHING))
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOKENS, 0))
    wasted: dict[str, Decimal] = field(default_factory=dict)

    def add(self, row: Row, reason: str) -> None:
        """One row; ``reason`` says why it was wasted, or is empty."""
        self.calls += row["calls"]
        self.successful_calls += row["calls"] if row["outcome"] == "ok" else 0
        self.unpriced_calls += row["cost_status"] == "unpriced"
        self.with_usage += row["input_tokens"] is not None or row["output_tokens"] is not None
        self.cost_usd += row["cost_usd"] or 0
        for part, column in PARTS.items():
            self.parts[part] += row[column] or 0
        for name in TOKENS:
            self.tokens[name] += row[name] or 0
        if reason and row["cost_usd"]:
            self.wasted[reason] = self.wasted.get(reason, _NOTHING) + row["cost_usd"]

    def __add__(self, other: "Bill") -> "Bill":
        both = Bill(**{name: getattr(self, name) + getattr(other, name) for name in _PLAIN})
        both.parts = {name: self.parts[name] + other.parts[name] for name in PARTS}
        both.tokens = {name: self.tokens[name] + other.tokens[name] for name in TOKENS}
        reasons = (*self.wasted, *other.wasted)
        both.wasted = {name: self.wasted.get(name, _NOTHING) + other.wasted.get(name, _NOTHING) for name in reasons}
        return both

    def differences(self, item: Mapping[str, Any]) -> list[str]:
        """How a row of the answer differs; money by less than a nano-dollar is none."""
        counts = {
            "calls": self.calls,
            "successful_calls": self.successful_calls,
            "unpriced_calls": self.unpriced_calls,
            "calls_without_usage": max(self.calls - self.with_usage, 0),
            **{name: value if self.with_usage else None for name, value in self.tokens.items()},
        }
        reported = self.cost_usd - sum(self.parts.values())
        money = {"cost_usd": self.cost_usd, **self.parts, "reported_usd": reported}
        money["wasted_usd"] = sum(self.wasted.values(), _NOTHING)
        found = [f"{name}: {item[name]}, not {value}" for name, value in counts.items() if item[name] != value]
        if item["cost_usd"] is None and self.cost_usd == 0:
            return found
        found += [f"{name}: {item[name]}, not {value}" for name, value in money.items() if _apart(item[name], value)]
        if {name: Decimal(value) for name, value in item["wasted"].items()} != self.wasted:
            found.append(f"wasted: {item['wasted']}, not {self.wasted}")
        return found


def _apart(text: str | None, truth: Decimal) -> bool:
    return text is None or abs(Decimal(text) - truth) >= Decimal("1e-9")


def bills(rows: Iterable[Row], dimensions: Sequence[str], interval: str, lasts: Mapping[Any, int]) -> dict[Key, Bill]:
    """By the start of the interval and the values of ``dimensions``; ``lasts`` as :func:`last_attempts` gives it."""
    found: dict[Key, Bill] = {}
    start = _STARTS[interval]
    for row in rows:
        key = (start(row["ts"]), *(_value(row, name) for name in dimensions))
        found.setdefault(key, Bill()).add(row, _reason(row, lasts))
    return found


def item_key(item: Mapping[str, Any], dimensions: Sequence[str]) -> Key:
    """The key of a row of the answer, as in :func:`bills`."""
    return (item["interval"] or "", *(item["group"][name] for name in dimensions))


def last_attempts(rows: Iterable[Row]) -> dict[Any, int]:
    """The highest attempt at each call, of those that were tried again."""
    found: dict[Any, int] = {}
    for row in rows:
        if row["attempt"] > 1:
            found[_call(row)] = max(found.get(_call(row), 0), row["attempt"])
    return found


def _call(row: Row) -> tuple[Any, ...]:
    return row["trace_id"], row["parent_span_id"], row["service"], row["route"]


def _reason(row: Row, lasts: Mapping[Any, int]) -> str:
    if row["outcome"] != "ok":
        return str(row["outcome"])
    return "superseded" if lasts.get(_call(row), 0) > row["attempt"] else ""


def _value(row: Row, name: str) -> str:
    if name.startswith("tag:"):
        return str(dict(row["attributes"]).get(f"watchkeeper.tag.{name[4:]}", ""))
    if name == "gateway_cache_hit":
        return "yes" if row[name] else "no"
    return str(row[name])


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _iso(begin: Callable[[datetime], datetime]) -> Callable[[datetime], str]:
    return lambda moment: begin(moment).isoformat().replace("+00:00", "Z")


_STARTS: Mapping[str, Callable[[datetime], str]] = {
    "": lambda _: "",
    "1h": _iso(lambda moment: moment.replace(minute=0, second=0, microsecond=0)),
    "6h": _iso(lambda moment: _day(moment) + timedelta(hours=moment.hour // 6 * 6)),
    "1d": _iso(_day),
    "1w": _iso(lambda moment: _day(moment) - timedelta(days=moment.weekday())),
    "1mo": _iso(lambda moment: _day(moment).replace(day=1)),
}
