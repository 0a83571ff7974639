"""Where panels are: from left to right, a new line where one does not fit."""

from collections.abc import Sequence

from dashboards.model import Panel

COLUMNS = 24
"""Of Grafana's grid."""
Place = dict[str, int]


def placed(panels: Sequence[Panel], top: int) -> tuple[list[Place], int]:
    """A place for each panel, the first at line ``top``, and the first free line below them."""
    places: list[Place] = []
    x, y, tallest = 0, top, 0
    for panel in panels:
        if x + panel.width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        places.append({"h": panel.height, "w": panel.width, "x": x, "y": y})
        x, tallest = x + panel.width, max(tallest, panel.height)
    return places, y + tallest
