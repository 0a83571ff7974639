"""Calls from a change to the alarm, against the best that could be done at as many false alarms."""

from collections.abc import Iterator

from benchmarks.detection import rates, values
from benchmarks.detection.catalogue import STREAMS
from benchmarks.detection.figures import Ratio
from benchmarks.detection.measuring import ARL, ORACLE, delay_cells, subjects
from benchmarks.detection.own_rows import CALL_BY_CALL, OWN
from benchmarks.detection.plan import Measured, Plan, measured
from benchmarks.detection.report import Result, Table
from benchmarks.detection.streams import Change, Stream
from detectors.metrics import Kind

LIMITS = {"x3": 1.5, "x5": 1.5, "+20%": 1.5, "+50%": 1.35}
"""Median delay of our statistic, call by call, over the oracle's; other changes are shown without a limit.

The detector as it is shipped waits for blocks of 50 calls, because bursts are worth it; its ratios stand beside.
"""
FIGURE = "median delay over an oracle CUSUM's: x3, x5, +20% at most 1.5, +50% at most 1.35"
_ORACLE_RUNS = 400


def pairs(plan: Plan) -> Iterator[tuple[Stream, Change]]:
    """The streams and changes whose laws an oracle can know."""
    for name in plan.streams((*rates.INDEPENDENT, *values.INDEPENDENT)):
        for change in STREAMS[name].changes:
            if change.log_ratio is not None:
                yield STREAMS[name], change


def run(plan: Plan) -> Result:
    """All detectors on all changes."""
    cells = []
    for stream, change in pairs(plan):
        cells += delay_cells(ORACLE, stream, change, plan.runs(_ORACLE_RUNS, 40), plan.seed)
        for row in subjects(stream.kind):
            if row.delay_runs:
                least = 40 if row.name in (OWN, CALL_BY_CALL) else 3
                cells += delay_cells(row.name, stream, change, plan.runs(row.delay_runs, least), plan.seed)
    found = measured(plan, cells, "delays, independent calls")
    ratios, shipped = (
        {(stream.name, change.name): _ratio(found, name, stream, change) for stream, change in pairs(plan)}
        for name in (CALL_BY_CALL, OWN)
    )
    judged = {pair: ratio for pair, ratio in ratios.items() if pair[1] in LIMITS}
    broken = [f"{s} {c}" for (s, c), ratio in judged.items() if plan.exceeds(ratio.value, ratio.low, LIMITS[c])]
    worst = max(judged, key=lambda pair: judged[pair].value / LIMITS[pair[1]])
    told = f"closest to its limit: {' '.join(worst)} {judged[worst]}; beyond: {', '.join(broken) or 'none'}"
    return Result(
        "delay", FIGURE, told, not broken, [_ratios(ratios, shipped), *(_table(plan, found, kind) for kind in Kind)]
    )


def _ratio(found: Measured, name: str, stream: Stream, change: Change) -> Ratio:
    return Ratio.of(
        found.runs[name, stream.name, change.name],
        found.runs[ORACLE, stream.name, change.name],
    )


def _ratios(ratios: dict[tuple[str, str], Ratio], shipped: dict[tuple[str, str], Ratio]) -> Table:
    rows = [
        [stream, change, str(ratio), f"{LIMITS[change]:g}" if change in LIMITS else "", str(shipped[stream, change])]
        for (stream, change), ratio in ratios.items()
    ]
    columns = ["stream", "change", f"{CALL_BY_CALL} (95 %)", "limit", f"{OWN}, blocks of 50"]
    return Table("Median delay over the oracle's", columns, rows)


def _table(plan: Plan, found: Measured, kind: Kind) -> Table:
    wanted = [(stream.name, change.name) for stream, change in pairs(plan) if stream.kind is kind]
    names = [ORACLE, *(row.name for row in subjects(kind) if row.delay_runs)]
    rows = [[name, *(str(found.delay(name, *pair)) for pair in wanted)] for name in names]
    title = f"Median delay in calls, {kind}s (95 % interval); oracle at one false alarm per {ARL:,.0f} calls"
    return Table(title, ["detector", *(" ".join(pair) for pair in wanted)], rows)
