"""How long a started batch waits for company.

The time an insert takes is the time in which the next batch gathers (group commit), so waiting on top of it
is only worth while when clients that have just been answered are about to send again. Each of them keeps
one request in flight; as many as were in flight at the last answer are *expected* this time.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Linger:
    """The rule for one batch. A lone client is never held up: it expects itself only."""

    longest_s: float = 0.2
    """Longest wait, however many are still expected."""
    quiet_s: float = 0.03
    """Nobody has arrived for so long: the expected ones have gone away."""
    enough_bytes: int = 16 * 2**20
    """From here on a larger batch is hardly cheaper for each span."""

    @property
    def step_s(self) -> float:
        """How often to look again."""
        return self.quiet_s / 3

    def is_ripe(self, waiting: int, expected: int, waited_s: float, quiet_s: float) -> bool:
        """Should a batch of ``waiting`` requests go now?"""
        return waiting >= expected or waited_s >= self.longest_s or quiet_s >= self.quiet_s
