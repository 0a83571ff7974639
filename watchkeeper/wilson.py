"""Wilson's score interval: where a share may lie, sound for few calls and for none or all of them bad."""

import numpy as np
import numpy.typing as npt

Z_95 = 1.96


def wilson(count: float, calls: float, z: float = Z_95) -> tuple[float, float]:
    """Bounds of a share of ``count`` in ``calls``, ``z`` standard errors either way (Wilson 1927)."""
    if calls <= 0:
        return 0.0, 1.0
    share, z2 = count / calls, z * z
    centre = (share + z2 / (2 * calls)) / (1 + z2 / calls)
    half = z * np.sqrt(max(0.0, share * (1 - share)) / calls + z2 / (4 * calls * calls)) / (1 + z2 / calls)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def bounds(
    counts: npt.NDArray[np.float64], calls: npt.NDArray[np.float64], z: float = Z_95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """As :func:`wilson`, of many shares at once; both of one shape."""
    some = np.maximum(calls, 1)
    share, z2 = np.minimum(counts / some, 1), z * z
    centre = (share + z2 / (2 * some)) / (1 + z2 / some)
    half = z * np.sqrt(share * (1 - share) / some + z2 / (4 * some * some)) / (1 + z2 / some)
    none = calls <= 0
    return np.where(none, 0, np.maximum(0, centre - half)), np.where(none, 1, np.minimum(1, centre + half))
