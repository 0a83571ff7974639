"""Wilson's score interval: where a share may lie, sound for few calls and for none or all of them bad."""

import numpy as np

Z_95 = 1.96


def wilson(count: float, calls: float, z: float = Z_95) -> tuple[float, float]:
    """Bounds of a share of ``count`` in ``calls``, ``z`` standard errors either way (Wilson 1927)."""
    if calls <= 0:
        return 0.0, 1.0
    share, z2 = count / calls, z * z
    centre = (share + z2 / (2 * calls)) / (1 + z2 / calls)
    half = z * np.sqrt(max(0.0, share * (1 - share)) / calls + z2 / (4 * calls * calls)) / (1 + z2 / calls)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))
