"""A change that the mean hardly shows: a few calls much slower."""

from benchmarks.detection import values
from benchmarks.detection.catalogue import STREAMS
from benchmarks.detection.figures import Ratio
from benchmarks.detection.measuring import delay_cells, subject
from benchmarks.detection.own_rows import OWN
from benchmarks.detection.plan import Plan, measured
from benchmarks.detection.report import Result, Table
from benchmarks.detection.river_rows import ADWIN_ON_LOGARITHMS
from detectors.metrics import Kind

LIMIT = 1 / 3
FIGURE = "3 % of calls 8 times slower: found in at most a third of the calls of ADWIN on logarithms"
_ROWS = (OWN, ADWIN_ON_LOGARITHMS, "ADWIN on seconds", "Page-Hinkley tuned")


def run(plan: Plan) -> Result:
    """Median delays and their ratio, by how widely latencies spread."""
    streams = plan.streams(values.INDEPENDENT)
    cells = [
        cell
        for name in streams
        for row in _ROWS
        for cell in delay_cells(row, STREAMS[name], values.TAIL, _runs(plan, row), plan.seed)
    ]
    found = measured(plan, cells, "delays, tail only")
    change = values.TAIL.name
    ratios = {
        name: Ratio.of(found.runs[OWN, name, change], found.runs[ADWIN_ON_LOGARITHMS, name, change]) for name in streams
    }
    broken = any(plan.exceeds(ratio.value, ratio.low, LIMIT) for ratio in ratios.values())
    rows = [
        [name, str(ratio), *(str(found.delay(row, name, change)) for row in _ROWS)] for name, ratio in ratios.items()
    ]
    told = ", ".join(f"{name} {ratio}" for name, ratio in ratios.items())
    table = Table("Median delay in calls, tail only", ["stream", "ratio", *_ROWS], rows)
    return Result("tail", FIGURE, told, not broken, [table])


def _runs(plan: Plan, row: str) -> int:
    return plan.runs(subject(Kind.VALUE, row).delay_runs, 20)
