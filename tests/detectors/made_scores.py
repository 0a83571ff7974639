"""Made-up scores, joined to their calls, for tests."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from watchkeeper.storage.score_feed import SCORED_SCHEMA

Floats = npt.NDArray[np.float64]
_USUAL: dict[str, Any] = {
    "name": "thumbs",
    "label": "",
    "service": "shop",
    "route": "answer",
    "provider": "openai",
    "request_model": "gpt-x",
    "model": "gpt-x",
    "variant": "primary",
    "gateway_cache_hit": False,
    "input_tokens": 400.0,
}


def scored(at: Floats, value: Any, *, waited: float = 0.0, **columns: Any) -> pa.Table:
    """One score a moment of ``at`` (Unix seconds, ascending), ``waited`` seconds after its call."""
    made = _USUAL | {"second": at.astype(np.int64), "called": ((at - waited) * 1e6).astype(np.int64), "value": value}
    return pa.table(
        [_column(field, (made | columns)[field.name], len(at)) for field in SCORED_SCHEMA], schema=SCORED_SCHEMA
    )


def _column(field: pa.Field, value: Any, rows: int) -> pa.Array:
    many = isinstance(value, np.ndarray | list)
    return pa.array(list(value) if many else [value] * rows, field.type, from_pandas=True)


def thumbs(rng: np.random.Generator, count: int, good: float) -> Floats:
    """[count] 1 for a share ``good``, else 0."""
    return (rng.random(count) < good).astype(np.float64)


def stars(rng: np.random.Generator, count: int, shares: tuple[float, ...]) -> Floats:
    """[count] one to five, with these shares."""
    return rng.choice(np.arange(1.0, 6.0), count, p=shares)
