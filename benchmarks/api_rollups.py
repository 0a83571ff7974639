"""A busy fleet in the rollups alone, written by the store itself: 50 million calls without a single one of them.

120 series (10 services, 2 routes, 6 models) over 100 days, each hour of each series with its own number of calls and
outcomes: most ``ok``, some failed in one of five ways, each as rare as in a real fleet. Tokens and cost follow from the
calls. ``calls_1h`` is filled from ``numbers()``, ``calls_1d`` from it. Only the last eight days of ``calls_1h`` have
histograms: it is sorted by time, and no older ones are read.
"""

from datetime import UTC, datetime, timedelta

from watchkeeper.storage.client import Store

DAYS = 100
SERIES = 120
CALLS = 50_000_000
NOW = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(hours=15, minutes=20)
FIRST = datetime(2026, 11, 21, tzinfo=UTC) - timedelta(days=DAYS)
SERVICES = tuple(f"service-{number}" for number in range(10))
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "claude-haiku-4-5", "gemini-2.5-pro", "gemini-2.5-flash")
_PROVIDERS = ("openai", "openai", "anthropic", "anthropic", "gcp.gemini", "gcp.gemini")
_OUTCOMES = {"ok": 0.94, "error": 0.025, "refused": 0.015, "truncated": 0.01, "rate_limited": 0.006, "timeout": 0.004}
_HEALTH_DAYS = 8

_KEYS = (
    "service", "environment", "route", "provider", "request_model", "model", "operation", "variant", "outcome",
    "gateway_cache_hit",
)  # fmt: skip
_COUNTS = (
    "calls", "calls_with_usage", "calls_unpriced", "input_tokens", "output_tokens", "cache_read_tokens",
    "cache_write_tokens", "reasoning_tokens", "duration_us_sum",
)  # fmt: skip
_COSTS = (
    "cost_usd", "cost_input_usd", "cost_cache_read_usd", "cost_cache_write_usd", "cost_output_usd",
    "cost_reported_usd",
)  # fmt: skip
_HISTOGRAMS = {"duration_counts": 275, "ttft_counts": 240, "token_us_counts": 190}
"""Columns of histograms, and the bin that each begins at."""


def fill(store: Store, calls: int = CALLS) -> None:
    """Write the fleet, a minute of work; a smaller number of calls is spread over the same series and days."""
    for day in range(0, DAYS, 10):
        store.command(_hours(day, 10, calls))
    summed = ", ".join(f"sum(h.{name}) AS {name}" for name in (*_COUNTS, *_COSTS))
    keys = ", ".join(f"h.{name} AS {name}" for name in _KEYS)
    store.command(
        f"INSERT INTO calls_1d (bucket, {', '.join((*_KEYS, *_COUNTS, *_COSTS))}) "
        f"SELECT toStartOfDay(h.bucket) AS bucket, {keys}, {summed} FROM calls_1h AS h "
        f"GROUP BY bucket, {', '.join(_KEYS)}"
    )
    for table in ("calls_1h", "calls_1d"):
        store.command(f"OPTIMIZE TABLE {table} FINAL")


def _hours(first_day: int, days: int, calls: int) -> str:
    """The hours of some days; a row for each outcome that an hour of a series has calls of."""
    an_hour = calls / (SERIES * DAYS * 24)
    begin = int((FIRST + timedelta(days=first_day)).timestamp())
    outcomes, shares = list(_OUTCOMES), list(_OUTCOMES.values())
    names = ("bucket", *_KEYS, *_COUNTS, "duration_us_max", *_COSTS[:-1], "calls_with_cost", "last_call", *_HISTOGRAMS)
    return f"""
        INSERT INTO calls_1h ({", ".join(names)})
        SELECT
          toDateTime({begin} + hour * 3600, 'UTC') AS bucket, {list(SERVICES)}[1 + series % 10], 'production',
          {["chat", "summarise"]}[1 + intDiv(series, 10) % 2], {list(_PROVIDERS)}[1 + intDiv(series, 20)],
          {list(MODELS)}[1 + intDiv(series, 20)] AS name, name, 'chat', 'primary', outcome, false,
          n, if(outcome IN ('error', 'rate_limited', 'timeout'), 0, n) AS told, 0,
          told * 1500, told * 250, told * 500, told * 20, told * 30, n * 900000, 4000000,
          told * toDecimal128('0.005', 9), told * toDecimal128('0.002', 9), told * toDecimal128('0.0003', 9),
          told * toDecimal128('0.0002', 9), told * toDecimal128('0.0025', 9), told, bucket + 3599,
          {", ".join(_histogram(first) for first in _HISTOGRAMS.values())}
        FROM (
          SELECT intDiv(number, {SERIES}) AS hour, number % {SERIES} AS series, outcome,
            {an_hour} * share * (0.4 + cityHash64(series, hour, outcome, {begin}) % 1200 / 1000) AS expected,
            toUInt64(floor(expected) + (cityHash64(outcome, hour, series, {begin}) % 1000 < 1000 * (expected % 1))) AS n
          FROM numbers({SERIES * days * 24}) ARRAY JOIN {outcomes} AS outcome, {shares} AS share
        ) AS hours
        WHERE n > 0"""


def _histogram(first: int) -> str:
    """Around one place, as wide as a log-normal time of sigma 0.2 to 0.3; failures are not timed."""
    since = int((NOW - timedelta(days=_HEALTH_DAYS)).timestamp())
    return (
        f"multiIf(bucket < toDateTime({since}, 'UTC') OR outcome IN ('error', 'rate_limited'), "
        f"CAST(map(), 'Map(UInt16, UInt64)'), n < 20, map(toUInt16({first} + 10 + n % 10), n), "
        f"mapFilter((bin, k) -> k > 0, mapFromArrays(arrayMap(i -> toUInt16({first} + i), range(30)), "
        "arrayMap(i -> toUInt64(round(n * exp(-pow((i - 15) / 6., 2)) / 10.6)), range(30)))))"
    )
