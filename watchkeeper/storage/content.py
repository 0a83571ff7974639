"""Table ``content``: prompts and answers, where the operator has switched their capture on, as it is written."""

import pyarrow as pa

CONTENT_SCHEMA: pa.Schema = pa.schema(
    [
        ("ts", pa.timestamp("us", tz="UTC")),
        ("trace_id", pa.binary(16)),
        ("span_id", pa.binary(8)),
        ("kind", pa.string()),
        ("attribute", pa.string()),
        ("text", pa.string()),
    ]
)
"""``kind`` is ``prompt`` or ``answer``; ``attribute`` is where the text came from."""
