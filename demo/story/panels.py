"""Do all panels of the dashboards show something on the demo's data?"""

from pathlib import Path

from rich.console import Console

from demo.part import part

_LIMIT_S = 120.0
_CHECK = ("watchkeeper.cli", "grafana", "check", "--strict", "--data-dir")


def show_panels(console: Console, directory: Path) -> bool:
    """Run every query of the dashboards on the data directory, which nobody may hold, and say how that went."""
    with part("panels", [*_CHECK, str(directory / "data")], directory) as checking:
        good = checking.process.wait(_LIMIT_S) == 0
        told = checking.last_line() if good else checking.output.read_text() + checking.log.read_text()
    console.print(f"\nGrafana: {told}", style="green" if good else "red", markup=False)
    return good
