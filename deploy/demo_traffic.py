"""The demo's four applications against its mock provider, round after round, sent to a gateway: profile `demo`.

    python demo_traffic.py --otlp http://gateway:4318/v1/traces

Ends with the first application that could not deliver its calls, with its exit code; the container starts it again.
"""

import subprocess
import sys
from itertools import count
from typing import Annotated

import typer

from demo.applications import APPLICATIONS
from demo.mock_provider import MockProvider, serving

_ROUND_S = 300.0
_GRACE_S = 120.0


def run(
    otlp: Annotated[str, typer.Option(help="OTLP/HTTP traces address of the gateway")],
    seconds: Annotated[float, typer.Option(help="length of a round")] = _ROUND_S,
    rounds: Annotated[int, typer.Option(help="rounds to play; 0: until it is stopped")] = 0,
) -> None:
    """Play all applications at the same time."""
    with serving(MockProvider(seed=0)) as provider:
        for seed in range(1, rounds + 1) if rounds else count(1):
            play(otlp, provider, seconds, seed)


def play(otlp: str, provider: str, seconds: float, seed: int) -> None:
    """One round. Raises :class:`typer.Exit` with the code of the application that failed."""
    options = ["--otlp", otlp, "--provider", provider, "--seconds", str(seconds), "--seed", str(seed)]
    playing = [
        subprocess.Popen([sys.executable, "-m", "demo.traffic", "--application", name, *options])
        for name in APPLICATIONS
    ]
    try:
        codes = [process.wait(seconds + _GRACE_S) for process in playing]
    finally:
        for process in playing:
            process.kill()
            process.wait()
    if failed := next(filter(None, codes), 0):
        raise typer.Exit(failed)


if __name__ == "__main__":
    typer.run(run)
