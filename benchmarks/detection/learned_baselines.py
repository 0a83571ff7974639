"""False alarms where nothing changes and calls are independent; the baseline is learned from the stream itself."""

from collections.abc import Sequence

from benchmarks.detection.catalogue import INDEPENDENT, STREAMS
from benchmarks.detection.measuring import null_cells, subjects
from benchmarks.detection.own_rows import OWN
from benchmarks.detection.plan import Measured, Plan, measured
from benchmarks.detection.report import Result, Table
from benchmarks.detection.river_rows import TUNED
from detectors.metrics import Kind

LIMIT = 1.5
FIGURE = f"at most {LIMIT} false alarms per million independent calls, designed for one"


def run(plan: Plan) -> Result:
    """All detectors on all independent streams."""
    names = plan.streams(INDEPENDENT)
    cells = [
        cell
        for name in names
        for row in subjects(STREAMS[name].kind)
        for cell in null_cells(row, STREAMS[name], plan.null_share, plan.seed)
        if row.name != TUNED or _has_oracle(name)
    ]
    found = measured(plan, cells, "false alarms, independent calls")
    own = {name: found.frequency(OWN, name) for name in names}
    worst = max(own, key=lambda name: own[name].value)
    broken = any(plan.exceeds(rate.value, rate.low, LIMIT) for rate in own.values())
    tables = [_table(found, kind, names) for kind in Kind]
    return Result("learned-baselines", FIGURE, f"worst of {len(own)}: {own[worst]} ({worst})", not broken, tables)


def _has_oracle(name: str) -> bool:
    """Page-Hinkley is tuned with one."""
    return any(change.log_ratio is not None for change in STREAMS[name].changes)


def _table(found: Measured, kind: Kind, streams: Sequence[str]) -> Table:
    names = [name for name in streams if STREAMS[name].kind is kind]
    rows = [
        [
            row.name,
            *(str(found.frequency(row.name, name)) if (row.name, name, "") in found.runs else "" for name in names),
        ]
        for row in subjects(kind)
    ]
    return Table(f"False alarms per million calls, {kind}s (95 % interval)", ["detector", *names], rows)
