"""A line without axes beside a number: the path of an SVG. The number itself stands in the text."""

from collections.abc import Sequence

WIDTH, HEIGHT = 240, 36
_EDGE = 2.0


def sparkline(values: Sequence[float | None]) -> str:
    """The ``d`` of a path through ``values`` (equally spaced, from zero or below up to their largest); None is a gap.

    Empty where fewer than two values are known. A value between two gaps is a short stroke.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(0.0, *known), max(known)
    scale = (HEIGHT - 2 * _EDGE) / ((high - low) or 1.0)
    step = WIDTH / (len(values) - 1)
    path: list[str] = []
    before: float | None = None
    for place, value in enumerate(values):
        if value is not None:
            x, y = place * step, HEIGHT - _EDGE - (value - low) * scale
            path.append(f"{'L' if before is not None else 'M'}{x:.1f} {y:.1f}")
            if before is None:
                path.append("h.5")
        before = value
    return "".join(path)
