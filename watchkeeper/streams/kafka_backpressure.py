"""Which partitions to read on, and which batches to hand out, when memory is bounded. Pure decisions."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.streams.kafka_partition import BatchLimits, PartitionBuffer


@dataclass(frozen=True, slots=True)
class Pressure:
    """The bounds and the moment a decision is made at."""

    limits: BatchLimits
    max_bytes: int
    now: float


def to_read(buffers: Sequence[PartitionBuffer], pressure: Pressure) -> list[PartitionBuffer]:
    """The partitions to fetch from.

    All that have room while memory is plentiful. Past half of the bound only as many as can still be filled,
    the fullest first: in a backlog, two full batches make cheaper inserts than twelve small ones. Past the
    bound none, except those whose range must be repeated whole before anything else can move.
    """
    held = sum(buffer.held_bytes for buffer in buffers)
    wanting = [buffer for buffer in buffers if not buffer.replaying and not buffer.is_full(pressure.limits)]
    replaying = [buffer for buffer in buffers if buffer.replaying]
    if held < pressure.max_bytes // 2:
        return replaying + wanting
    if held >= pressure.max_bytes:
        return replaying
    return replaying + _fillable(wanting, pressure, pressure.max_bytes - held)


def to_hand_out(buffers: Sequence[PartitionBuffer], pressure: Pressure) -> list[PartitionBuffer]:
    """The partitions whose batch goes out now: the full ones; else, under pressure, the largest; else the aged."""
    able = [buffer for buffer in buffers if buffer.can_hand_out()]
    full = [buffer for buffer in able if buffer.is_full(pressure.limits)]
    if full:
        patient = pressure.limits.linger_s * pressure.limits.patience
        return [buffer for buffer in able if buffer in full or buffer.waited_s(pressure.now) >= patient]
    if sum(buffer.held_bytes for buffer in buffers) >= pressure.max_bytes:
        return _largest_half(able)
    return [buffer for buffer in able if buffer.is_due(pressure.limits, pressure.now)]


def patience_s(buffers: Sequence[PartitionBuffer], pressure: Pressure) -> float | None:
    """Seconds until the next batch has lingered enough; None where nothing waits."""
    waiting = [buffer for buffer in buffers if buffer.can_hand_out()]
    if not waiting:
        return None
    return max(0.0, min(buffer.linger_s(pressure.limits) - buffer.waited_s(pressure.now) for buffer in waiting))


def _fillable(wanting: list[PartitionBuffer], pressure: Pressure, room: int) -> list[PartitionBuffer]:
    chosen: list[PartitionBuffer] = []
    for buffer in sorted(wanting, key=lambda buffer: -buffer.held_bytes):
        if chosen and room <= 0:
            break
        chosen.append(buffer)
        room -= pressure.limits.max_bytes - buffer.held_bytes
    return chosen


def _largest_half(able: list[PartitionBuffer]) -> list[PartitionBuffer]:
    chosen: list[PartitionBuffer] = []
    for buffer in sorted(able, key=lambda buffer: -buffer.held_bytes):
        if chosen and sum(one.held_bytes for one in chosen) * 2 >= sum(one.held_bytes for one in able):
            break
        chosen.append(buffer)
    return chosen
