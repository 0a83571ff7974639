"""A worker process that plays one application (``python -m demo.traffic --help``).

Prints one JSON line a second to standard output, ``{"calls": 120, "of": 400}``, and at the end one
with ``exported`` and ``lost`` spans. Ends with code 1 when a span could not be delivered.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

import watchkeeper_sdk
from demo.applications import APPLICATIONS, Application, PlannedCall, plan
from demo.caller import Caller
from demo.draw import Api
from demo.telemetry import Telemetry

_MOST_AT_ONCE = 24
_REPORT_EVERY_S = 1.0


@dataclass(slots=True)
class Progress:
    """Calls made so far."""

    of: int
    calls: int = 0


def run(
    application: Annotated[str, typer.Option(help="which application to play")],
    provider: Annotated[str, typer.Option(help="address of the mock provider")],
    otlp: Annotated[str, typer.Option(help="OTLP/HTTP traces URL to export to")] = "",
    kafka: Annotated[str, typer.Option(help="Kafka bootstrap servers to export to instead")] = "",
    seconds: Annotated[float, typer.Option(help="length of the traffic")] = 30.0,
    seed: Annotated[int, typer.Option(help="equal seeds make equal calls")] = 7,
    limit: Annotated[int, typer.Option(help="at most so many calls; 0: all")] = 0,
) -> None:
    """Play one application against the mock provider."""
    if bool(otlp) == bool(kafka):
        raise typer.BadParameter("give either --otlp or --kafka")
    playing = APPLICATIONS[application]
    telemetry = Telemetry(playing, otlp, kafka)
    calls = plan(playing, seconds, seed)[: limit or None]
    made = asyncio.run(_play(_caller(playing, provider), calls))
    telemetry.close()
    _print(calls=made, of=len(calls), exported=telemetry.exported, lost=telemetry.lost)
    if telemetry.lost:
        raise typer.Exit(1)


def _caller(application: Application, provider: str) -> Caller:
    """The vendor's client that the routes need; the other one is not even imported (each takes seconds)."""
    if application.workloads[0].api is Api.MESSAGES:
        from demo.anthropic_caller import AnthropicCaller  # noqa: PLC0415

        return AnthropicCaller(application, provider)
    from demo.openai_caller import OpenAICaller  # noqa: PLC0415

    return OpenAICaller(application, provider)


async def _play(client: Caller, calls: Sequence[PlannedCall]) -> int:
    progress = Progress(len(calls))
    room = asyncio.Semaphore(_MOST_AT_ONCE)
    reporter = asyncio.create_task(_report(progress))
    start = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as tasks:
        for planned in calls:
            await asyncio.sleep(start + planned.at_s - asyncio.get_running_loop().time())
            await room.acquire()
            tasks.create_task(_one(client, planned, progress)).add_done_callback(lambda _: room.release())
    reporter.cancel()
    await client.close()
    return progress.calls


async def _one(client: Caller, planned: PlannedCall, progress: Progress) -> None:
    with watchkeeper_sdk.context(route=planned.workload.route):
        await client.call(planned)
    progress.calls += 1


async def _report(progress: Progress) -> None:
    while True:
        await asyncio.sleep(_REPORT_EVERY_S)
        _print(calls=progress.calls, of=progress.of)


def _print(**figures: int) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    typer.run(run)
