"""All streams, by name: a name is what travels to another process."""

from benchmarks.detection import rates, values
from benchmarks.detection.streams import by_name

INDEPENDENT = (*rates.INDEPENDENT, *values.INDEPENDENT, *values.SHAPES)
DEPENDENT = (*rates.BURSTS, *values.DEPENDENT)

STREAMS = by_name(
    stream
    for family in (
        rates.INDEPENDENT,
        rates.BURSTS,
        rates.CREEP,
        values.INDEPENDENT,
        values.SHAPES,
        values.DEPENDENT,
    )
    for stream in family.values()
)
