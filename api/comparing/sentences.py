"""What a comparison comes to, in one sentence."""

from collections.abc import Sequence
from decimal import Decimal

from api.answers.dollars import usd
from api.comparing.models import MetricRow
from api.comparing.units import PERCENTAGE_POINTS, RATIO
from api.comparing.verdict import Verdict

_MOST_NAMED = 3


def sentence(verdict: Verdict, rows: Sequence[MetricRow]) -> str:
    """The verdict with the metrics that decided it."""
    if not rows:
        return "Cannot tell: neither cohort has calls that these metrics count."
    deciding = [row for row in rows if row.verdict is verdict]
    if verdict is Verdict.WORSE:
        return f"The candidate is worse: {_named(deciding)}."
    if verdict is Verdict.BETTER:
        others = len(rows) - len(deciding)
        return f"The candidate is better: {_named(deciding)}{f'; {others} other metrics are not worse' * bool(others)}."
    if verdict is Verdict.NOT_WORSE:
        return f"The candidate is not worse in any of {len(rows)} metrics, within their margins."
    return f"Cannot tell yet: {_open(deciding)}."


def _named(rows: Sequence[MetricRow]) -> str:
    told = [f"{_words(row.metric)} {difference(row)}" for row in rows[:_MOST_NAMED]]
    return ", ".join(told) + _more(rows)


def _open(rows: Sequence[MetricRow]) -> str:
    first = max(rows, key=lambda row: row.calls_needed or 0)
    names = ", ".join(_words(row.metric) for row in rows[:_MOST_NAMED]) + _more(rows)
    if first.calls_needed is None:
        return f"{names}; {_words(rows[0].metric)}: {rows[0].reason}"
    calls = min(first.baseline_calls, first.candidate_calls)
    needed = f"about {_rounded(first.calls_needed):,} like calls of either cohort are needed, there are {calls:,}"
    return f"{names}; for {_words(first.metric)} {needed}"


def _more(rows: Sequence[MetricRow]) -> str:
    return f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""


def difference(row: MetricRow) -> str:
    """Such as ``+1.2 points (+0.4 to +2.0)``, ``x1.21 (1.12 to 1.30)``; ``unknown`` where there is none."""
    if row.difference is None or row.low is None or row.high is None:
        return "unknown"
    if row.unit == RATIO:
        dollars = "" if row.difference_usd is None else f", {_signed(row.difference_usd)}"
        return f"x{row.difference:.3g} ({row.low:.3g} to {row.high:.3g}{dollars})"
    name = " points" if row.unit == PERCENTAGE_POINTS else ""
    return f"{row.difference:+.2f}{name} ({row.low:+.2f} to {row.high:+.2f})"


def _signed(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else '+'}{usd(abs(amount))}"


def _words(metric: str) -> str:
    return metric if metric.startswith("score:") else metric.replace("_", " ")


def _rounded(calls: int) -> int:
    """To two digits that count: more is not known."""
    return int(float(f"{calls:.1e}"))
