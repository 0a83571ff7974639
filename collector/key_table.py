"""A set of 64-bit keys in one array of fixed size, asked for many keys at once.

Python's own set takes ten times the memory a key and gives it back late. Open addressing with linear probing: each
round looks at one slot for all keys that are still open, and a table at most half full needs few rounds.
"""

import numpy as np
import numpy.typing as npt

from collector.any_value import Ints

_ABSENT = -1
_EMPTY = np.uint64(0)
_STAND_IN = np.uint64(0x9E3779B97F4A7C15)
"""What the key 0 is kept as."""

Keys = npt.NDArray[np.uint64]


class KeyTable:
    """Holds ``capacity`` keys; the caller adds no more. Keys must look random: their low bits choose the slot."""

    def __init__(self, capacity: int) -> None:
        size = 1 << (2 * capacity - 1).bit_length()
        self._last = size - 1
        # Untouched pages of zeros take no memory.
        self._keys: Keys = np.zeros(size, np.uint64)
        self.count = 0
        """Keys added; one that comes twice in the same :meth:`add` counts twice."""

    @property
    def size(self) -> int:
        """Slots; values beside the keys lie in arrays of this size."""
        return self._last + 1

    def clear(self) -> None:
        """Forget all keys, keep the array."""
        self._keys.fill(_EMPTY)
        self.count = 0

    def find(self, keys: Keys) -> Ints:
        """The slot of each key, -1 where it is absent."""
        keys = _kept_as(keys)
        slots = np.full(len(keys), _ABSENT, np.int64)
        if not self.count:
            return slots
        wanted, at = np.arange(len(keys)), self._home(keys)
        while len(wanted):
            there = self._keys[at]
            found = there == keys[wanted]
            slots[wanted[found]] = at[found]
            further = (there != _EMPTY) & ~found
            wanted, at = wanted[further], (at[further] + 1) & self._last
        return slots

    def add(self, keys: Keys) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """The slot of each key, and whether it was absent before; a key may come several times."""
        keys = _kept_as(keys)
        slots = np.full(len(keys), _ABSENT, np.int64)
        fresh = np.zeros(len(keys), np.bool_)
        left, at = np.arange(len(keys)), self._home(keys)
        while len(left):
            empty = self._keys[at] == _EMPTY
            # Several keys may want one slot: all write, and whose key is there afterwards has it.
            self._keys[at[empty]] = keys[left[empty]]
            settled = self._keys[at] == keys[left]
            slots[left[settled]] = at[settled]
            fresh[left[settled & empty]] = True
            self.count += int(np.count_nonzero(settled & empty))
            left, at = left[~settled], (at[~settled] + 1) & self._last
        return slots, fresh

    def _home(self, keys: Keys) -> Ints:
        return (keys & np.uint64(self._last)).astype(np.int64)


def _kept_as(keys: Keys) -> Keys:
    return np.where(keys == _EMPTY, _STAND_IN, keys) if len(keys) and not keys.all() else keys
