"""Random numbers of the suite: the same names give the same numbers, whatever else runs, in whichever process."""

from zlib import crc32

import numpy as np


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """The generator of what ``names`` name (stream, purpose, run)."""
    words = [name if isinstance(name, int) else crc32(name.encode()) for name in names]
    return np.random.default_rng([seed, *words])
