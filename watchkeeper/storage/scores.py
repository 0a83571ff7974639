"""Table ``scores``: user feedback and evaluation results, as it is written."""

import pyarrow as pa

SCORES_SCHEMA: pa.Schema = pa.schema(
    [
        ("ts", pa.timestamp("us", tz="UTC")),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("label", pa.string()),
        ("source", pa.string()),
        ("response_id", pa.string()),
        ("trace_id", pa.binary(16)),
        ("span_id", pa.binary(8)),
        ("service", pa.string()),
        ("explanation_present", pa.bool_()),
        ("attributes", pa.map_(pa.string(), pa.string())),
    ]
)
"""``source`` is ``feedback``, ``evaluation`` or ``judge``; ids that are not known are zero bytes."""
