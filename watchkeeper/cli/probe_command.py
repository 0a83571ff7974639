"""``watchkeeper probe``: a health check for containers that have no HTTP client of their own."""

from typing import Annotated

import httpx
import typer


def command(url: Annotated[str, typer.Argument(help="A health address of ours.")]) -> None:
    """Exit code 0 if ``url`` answers 200: for container health checks."""
    try:
        good = httpx.get(url, timeout=4.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        good = False
    raise typer.Exit(0 if good else 1)
