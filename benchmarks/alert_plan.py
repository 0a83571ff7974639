"""What happens in :mod:`benchmarks.alert_delivery`: regressions, each of a model of its own, at known times.

``python -m benchmarks.alert_plan PLAN`` is ``watchkeeper alerts run`` on a store that holds the plan's regressions as
well. A transition is read once its time of storing has come: what is stored ahead happens to the service as if a
detector reported it then.
"""

import contextlib
import random
import sys
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from watchkeeper.cli import alerts_service, wiring
from watchkeeper.clock import SystemClock
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import TransitionRow, insert_transitions


@dataclass(frozen=True, slots=True)
class Planned:
    """A regression that is found at ``opens`` and over at ``closes`` (None: it lasts).

    Seconds from the begin of the plan on, or Unix seconds where it is known.
    """

    number: int
    opens: float
    closes: float | None

    def begun(self, at_s: float) -> "Planned":
        """The same of a plan that begins at ``at_s`` (Unix seconds)."""
        return replace(self, opens=at_s + self.opens, closes=None if self.closes is None else at_s + self.closes)


def planned(numbers: range, seconds: float, dice: random.Random, lasts_s: float) -> list[Planned]:
    """Regressions spread over ``seconds``; every other one is over after ``lasts_s``, unless that is 0."""
    at = sorted(dice.uniform(0, seconds) for _ in numbers)
    return [
        Planned(n, opens, opens + lasts_s if lasts_s and n % 2 else None) for n, opens in zip(numbers, at, strict=True)
    ]


def write_plan(plan: list[Planned], file: Path) -> None:
    """For a process that is to carry it out."""
    file.write_bytes(orjson.dumps([asdict(one) for one in plan]))


def begun_plan(file: Path) -> list[Planned]:
    """The plan of ``file`` as its process has begun it. Raises :class:`FileNotFoundError` where it has not."""
    return [Planned(**one) for one in orjson.loads(_begun_file(file).read_bytes())]


def _begun_file(file: Path) -> Path:
    return file.with_suffix(".begun")


def _transitions(one: Planned) -> list[TransitionRow]:
    opened = _transition(one, one.opens, seq=1, state="open")
    return [opened] if one.closes is None else [opened, _transition(one, one.closes, seq=2, state="closed")]


def _transition(one: Planned, at_s: float, **fields: Any) -> TransitionRow:
    at, opens = datetime.fromtimestamp(at_s, UTC), datetime.fromtimestamp(one.opens, UTC)
    # Models and services of their own: nothing takes two of them for one cause.
    return TransitionRow(
        id=f"planned-{one.number}", kind="regression", severity="page", at=at, reason="planned",
        series_id=f"series-{one.number}", service=f"service-{one.number}", route="answer",
        provider=f"provider-{one.number}", request_model=f"model-{one.number}.", model=f"model-{one.number}.",
        metric="error", direction="up", onset=opens - timedelta(hours=1), detected_at=opens,
        closed_at=at if fields["state"] == "closed" else None, transient=False, confidence=0.99, record="{}",
        stored_at=at, **fields,
    )  # fmt: skip


def main() -> None:
    """Store the plan of the file that the command line names, from now on, and work."""
    file, settings = Path(sys.argv[1]), Settings.load()
    plan = [Planned(**one) for one in orjson.loads(file.read_bytes())]
    with contextlib.closing(Store.open(wiring.store_config(settings))) as store:
        wiring.migrate(store, settings)
        begun = [one.begun(SystemClock().now().timestamp()) for one in plan]
        insert_transitions(store, [row for one in begun for row in _transitions(one)])
        _begun_file(file).write_bytes(orjson.dumps([asdict(one) for one in begun]))
    alerts_service.run(settings)


if __name__ == "__main__":
    main()
