"""Histograms as rollups hold them, maps from a bin to a count, as matrices of counts."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from watchkeeper.log_histogram import Counts


def added_up(maps: pa.ChunkedArray, numbers: npt.NDArray[np.int64], groups: int) -> Counts:
    """The sum of the maps of each group: [groups, bins].

    ``numbers`` says which group each map belongs to; -1: none.
    """
    one = pa.concat_arrays(maps.chunks) if maps.num_chunks else pa.array([], maps.type)
    group = np.repeat(numbers, np.diff(one.offsets.to_numpy()))
    first, last = one.offsets[0].as_py(), one.offsets[-1].as_py()
    bins = one.keys.to_numpy()[first:last].astype(np.int64)
    calls = one.items.to_numpy()[first:last].astype(np.float64)
    width = int(bins.max(initial=0)) + 1
    kept = group >= 0
    flat = np.bincount(group[kept] * width + bins[kept], calls[kept], minlength=groups * width).astype(np.float64)
    return flat.reshape(groups, width)
