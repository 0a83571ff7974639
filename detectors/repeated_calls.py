"""Calls that come twice: a collector that was interrupted publishes its last batch again."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Identities = npt.NDArray[np.uint64]

_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(slots=True)
class RepeatedCalls:
    """The identities of at least the latest ``half`` calls and at most twice as many, in two generations."""

    half: int = 50_000
    newer: set[int] = field(default_factory=set)
    older: set[int] = field(default_factory=set)

    def drop(self, calls: pa.Table) -> pa.Table:
        """``calls`` without those that came before (or twice in it); remembers the others.

        A row without ids (all zero bytes) is never taken for a repetition.
        """
        fresh = np.ones(calls.num_rows, bool)
        for row, identity in enumerate(identities(calls).tolist()):
            if not identity:
                continue
            fresh[row] = identity not in self.newer and identity not in self.older
            self.newer.add(identity)
            if len(self.newer) >= self.half:
                self.older, self.newer = self.newer, set()
        return calls if fresh.all() else calls.filter(pa.array(fresh))

    def arrays(self) -> tuple[Identities, Identities]:
        """Both generations, to be kept."""
        newer, older = (np.sort(np.fromiter(part, np.uint64, len(part))) for part in (self.newer, self.older))
        return newer, older


def identities(calls: pa.Table) -> Identities:
    """One number a row from trace id, span id and whether it is a call or completes one; 0 where there are no ids."""
    trace, span = _words(calls["trace_id"], 16), _words(calls["span_id"], 8)
    mixed: Identities = ((trace[:, 0] * _MIX) ^ trace[:, 1]) * _MIX ^ span[:, 0]
    kind = calls["calls"].fill_null(1).to_numpy().astype(np.uint64)
    known = trace.any(axis=1) | span.any(axis=1)
    return np.where(known, mixed * _MIX + kind, np.uint64(0))


def _words(column: pa.ChunkedArray, width: int) -> Identities:
    zero = pa.scalar(bytes(width), pa.binary(width))
    chunk = column.cast(pa.binary(width)).fill_null(zero).combine_chunks()
    data = np.frombuffer(chunk.buffers()[1] or b"", np.uint8)[chunk.offset * width :]
    return data[: len(chunk) * width].view(np.uint64).reshape(-1, width // 8)
