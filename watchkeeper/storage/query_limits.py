"""What one query of a reader may cost: the engine itself ends it beyond that."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """Bounds of every statement of a store that only reads (:meth:`~.client.Store.reader`)."""

    seconds: float = 25.0
    result_rows: int = 1_000_000
    memory_bytes: int = 4 * 2**30

    def settings(self) -> Mapping[str, str]:
        """As settings of ClickHouse; a query that goes beyond ends with an error, never with a part of its result."""
        return {
            # 2 and not 1: the client sets the format of a result for each statement.
            "readonly": "2",
            "max_execution_time": f"{self.seconds:g}",
            "timeout_overflow_mode": "throw",
            "max_result_rows": str(self.result_rows),
            "result_overflow_mode": "throw",
            "max_memory_usage": str(self.memory_bytes),
        }
