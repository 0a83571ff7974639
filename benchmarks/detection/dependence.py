"""False alarms where nothing changes but calls depend on each other: bursts of errors, memory, load that wanders."""

from benchmarks.detection.catalogue import DEPENDENT, STREAMS
from benchmarks.detection.measuring import delay_cells, null_cells, subject
from benchmarks.detection.own_rows import OWN
from benchmarks.detection.plan import Measured, Plan, measured
from benchmarks.detection.report import Result, Table
from benchmarks.detection.river_rows import ADWIN_ON_LOGARITHMS
from benchmarks.detection.streams import Stream
from detectors.metrics import Kind

LIMITS = {
    "mild error bursts": 2.0,
    "strong error bursts": 10.0,
    "AR(1) 0.6 latency": 2.0,
    "load wander 10% over 1,000": 2.0,
}
"""False alarms per million calls; a stream that is not named is measured and shown without a limit."""
FIGURE = "at most 2 false alarms per million calls in mild bursts, AR(1) and load wander, 10 in strong bursts"
_ROWS = {
    Kind.RATE: (OWN, "ADWIN", "Page-Hinkley", "DDM", "EDDM"),
    Kind.VALUE: (OWN, "ADWIN on seconds", ADWIN_ON_LOGARITHMS, "Page-Hinkley on logarithms"),
}


def run(plan: Plan) -> Result:
    """False alarms and delays of the detectors worth showing."""
    cells = []
    for name in DEPENDENT:
        stream = STREAMS[name]
        for row in (subject(stream.kind, detector) for detector in _ROWS[stream.kind]):
            cells += null_cells(row, stream, plan.null_share, plan.seed)
            for change in stream.changes:
                cells += delay_cells(row.name, stream, change, plan.runs(row.delay_runs), plan.seed)
    found = measured(plan, cells, "false alarms and delays, dependent calls")
    own = {name: found.frequency(OWN, name) for name in LIMITS}
    broken = any(plan.exceeds(own[name].value, own[name].low, limit) for name, limit in LIMITS.items())
    told = ", ".join(f"{name} {rate}" for name, rate in own.items())
    tables = [_table(found, STREAMS[name]) for name in DEPENDENT]
    return Result("dependence", FIGURE, told, not broken, tables)


def _table(found: Measured, stream: Stream) -> Table:
    changes = [change.name for change in stream.changes]
    rows = [
        [name, str(found.frequency(name, stream.name)), *(str(found.delay(name, stream.name, one)) for one in changes)]
        for name in _ROWS[stream.kind]
    ]
    columns = ["detector", "false alarms per million", *(f"{change}: median delay, calls" for change in changes)]
    return Table(stream.name, columns, rows)
