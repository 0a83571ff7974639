"""Every alert arrives, once by its key: ``python -m benchmarks.alert_delivery [--seconds 600]``.

``watchkeeper alerts run`` is told of regressions while three of its channels (signed webhook, Slack, PagerDuty) are
away for ``--seconds``; the process is killed (-9) at a random moment of that time, and once more after a channel has
taken a message and before the process hears of it. Afterwards each channel must have every message, none of them under
two keys. A fourth channel, which is there all the time, must not wait for the others.
"""

import argparse
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import yaml

from benchmarks.alert_plan import Planned, begun_plan, planned, write_plan
from benchmarks.alert_receivers import Receivers, Taken, Told, receiving
from benchmarks.processes import Measured, free_port, port_answers, python_module, running, wait_for
from benchmarks.verdict import Verdict, conclude

AWAY, THERE = ("webhook", "slack", "pagerduty"), "other"
CHANNELS = (*AWAY, THERE)
_PATIENCE_S = 240.0
"""For a machine that is busy; more than the longest wait between two attempts."""
_TO_NOTICE_S = 15.0
"""So long after it began a process is taken to work as it will; what happened so shortly before the channels were back
may have been tried for the first time then."""
_SLOWER_S = 2.0
"""So long may a message take from its decision to a channel that is there: less than first repetitions elsewhere."""
_KEY = "benchmark-signing-key-0123456789"


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: how long the channels are away, what happens then, and what decides at random."""

    seconds: float
    cases: int
    seed: int
    lasts_s: float = 0.0
    """Every other regression is over so long after it was found; 0: none is."""
    between: str = THERE
    """The channel that takes a message whose sender is killed before it hears of it."""


@dataclass(slots=True)
class Seen:
    """What was measured. Times are Unix seconds."""

    plan: list[Planned] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    refused: int = 0
    back_at: float = float("inf")
    """When the channels were there again."""
    lives: list[tuple[float, float]] = field(default_factory=list)
    """From when on each process worked, and until when."""

    @property
    def due(self) -> set[Told]:
        """What every channel must have been told: what was over before any process could see it need not be told."""
        missed = {one.number for one in self.plan if not self._was_seen(one)}
        return {told for told in self.happens if told[0] not in missed}

    def _was_seen(self, one: Planned) -> bool:
        if (until := one.closes) is None:
            return True
        return any(min(until, high) - max(one.opens, low) >= _TO_NOTICE_S for low, high in self.lives)

    @property
    def happens(self) -> dict[Told, float]:
        """When what is to be told happened."""
        opens = {(one.number, False): one.opens for one in self.plan}
        return opens | {(one.number, True): one.closes for one in self.plan if one.closes is not None}

    def faults(self) -> list[str]:
        """What is not as promised; empty where all is."""
        found = []
        for channel in CHANNELS:
            told = [one.told for one in _once(self.of(channel))]
            found += [f"{channel}: {len(lost)} never came" for lost in [self.due - set(told)] if lost]
            found += [f"{channel}: {len(told) - len(set(told))} came twice"] if len(told) != len(set(told)) else []
            early = [
                told_of for place, told_of in enumerate(told) if told_of[1] and (told_of[0], False) not in told[:place]
            ]
            found += [f"{channel}: {len(early)} were over before they began"] if early else []
        return found

    def of(self, channel: str) -> list[Taken]:
        """What ``channel`` took."""
        return [one for one in self.taken if one.channel == channel]

    def repeated(self, channel: str) -> int:
        """How often ``channel`` got a message that it knew by its key."""
        return len(self.of(channel)) - len(_once(self.of(channel)))

    def waited(self) -> list[float]:
        """Seconds from when the channels were back to each message that had waited for them."""
        late = [one for channel in AWAY for one in _once(self.of(channel))]
        return [one.at - self.back_at for one in late if self.happens[one.told] < self.back_at - _TO_NOTICE_S]

    def delays(self, *, while_away: bool) -> list[float]:
        """Seconds from the decision to the channel that is there, where one process did both."""
        made = [(one.made_at, one.at) for one in _once(self.of(THERE)) if one.made_at is not None]
        whole = [(begun, at) for begun, at in made if any(low <= begun and at <= high for low, high in self.lives)]
        return [at - begun for begun, at in whole if (begun < self.back_at) == while_away]


def _once(taken: list[Taken]) -> list[Taken]:
    """The first of each key."""
    first: dict[str, Taken] = {}
    for one in taken:
        first.setdefault(one.key, one)
    return list(first.values())


def run(trial: Trial, folder: Path) -> Seen:
    """All of it."""
    with receiving() as receivers:
        receivers.away = frozenset(AWAY)
        seen = Seen(taken=receivers.taken)
        _three_lives(trial, Place(folder, receivers, seen))
        seen.refused = receivers.refused
    return seen


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run takes place."""

    folder: Path
    receivers: Receivers
    seen: Seen

    def come_back(self) -> None:
        """The channels are there again."""
        self.seen.back_at, self.receivers.away = time.time(), frozenset()


def _three_lives(trial: Trial, place: Place) -> None:
    """Three processes, one after the other, a third of the regressions in each, and half as many once all is well."""
    dice, receivers, third = random.Random(trial.seed), place.receivers, trial.cases // 3
    plans = [
        planned(range(third), trial.seconds / 3, dice, trial.lasts_s),
        planned(range(third, 2 * third), trial.seconds / 3, dice, trial.lasts_s),
        planned(range(2 * third, 2 * third + trial.cases // 2), 2 * trial.seconds / 3, dice, trial.lasts_s),
    ]
    began = time.monotonic()
    with _service(place, plans[0]) as first:
        wait_for(lambda: receivers.refused >= len(AWAY), "a refusal", trial.seconds + _PATIENCE_S, every_s=0.1)
        time.sleep(dice.uniform(0, trial.seconds / 3))
        _kill(first)
    if trial.between in AWAY:
        place.come_back()
    with _service(place, plans[1]) as second:
        dead = _kill_on_taking(second, trial.between, dice.randint(1, 2), receivers)
        wait_for(dead.is_set, f"a message at {trial.between}", trial.seconds + _PATIENCE_S, every_s=0.1)
    with _service(place, plans[2]) as third_life:
        time.sleep(max(0.0, trial.seconds - (time.monotonic() - began)))
        if receivers.away:
            place.come_back()
        wait_for(lambda: _is_complete(place.seen), "all messages", trial.seconds + _PATIENCE_S, every_s=0.1)
        third_life.stop()


def _is_complete(seen: Seen) -> bool:
    return all(seen.due <= {one.told for one in seen.of(channel)} for channel in CHANNELS)


def _kill(process: Measured) -> None:
    process.process.kill()
    process.process.wait()


def _kill_on_taking(process: Measured, channel: str, count: int, receivers: Receivers) -> threading.Event:
    """Kill ``process`` once ``channel`` has taken ``count`` more messages, before the last of them is answered."""
    dead, most = threading.Event(), len(receivers.of(channel)) + count

    def last_words(one: Taken) -> None:
        if one.channel == channel and not dead.is_set() and len(receivers.of(channel)) >= most:
            _kill(process)
            dead.set()

    receivers.last_words = last_words
    return dead


@contextmanager
def _service(place: Place, plan: list[Planned]) -> Iterator[Measured]:
    """A process that works, and to which ``plan`` happens."""
    port, file = free_port(), place.folder / f"plan-{plan[0].number}.json"
    write_plan(plan, file)
    command = python_module("benchmarks.alert_plan", os.fspath(file))
    with running(command, place.folder / "log", **_environment(place, port)) as one:
        wait_for(lambda: _answers(one, port), "the alerts", _PATIENCE_S)
        place.seen.plan += begun_plan(file)
        since = time.time()
        place.seen.lives.append((since, float("inf")))
        try:
            yield one
        finally:
            place.seen.lives[-1] = since, time.time()


def _answers(process: Measured, port: int) -> bool:
    process.check_alive()
    return port_answers(port)


def _environment(place: Place, port: int) -> dict[str, str]:
    rules = place.folder / "alerts.yaml"
    rules.write_text(yaml.safe_dump(_rules(place.receivers.url)))
    return {
        "WATCHKEEPER_DATA_DIR": os.fspath(place.folder / "data"),
        "WATCHKEEPER_METRICS_PORT": str(port),
        "WATCHKEEPER_ALERT_RULES_FILE": os.fspath(rules),
        "WATCHKEEPER_ALERT_PRIVATE_TARGETS": "127.0.0.1",
    }


def _rules(url: str) -> dict[str, object]:
    hook = {"type": "webhook", "signing_key": _KEY}
    return {
        "channels": {
            "webhook": {**hook, "url": f"{url}/webhook"},
            "slack": {"type": "slack", "url": f"{url}/slack"},
            "pagerduty": {"type": "pagerduty", "routing_key": "r" * 32, "url": f"{url}/pagerduty/enqueue"},
            "other": {**hook, "url": f"{url}/other"},
        },
        "rules": [{"name": "all", "channels": list(CHANNELS), "hold": "0s", "settle": "0s"}],
    }


def main() -> None:
    """Run and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the channels are away")
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--between", choices=CHANNELS, default=THERE, help="whose message is sent and not noted")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        trial = Trial(options.seconds, options.cases, options.seed, lasts_s=30.0, between=options.between)
        seen = run(trial, Path(name))
    faults = seen.faults() + slower(seen)
    conclude(
        Verdict(
            "alert delivery",
            "every message arrives, none twice by its key; no other channel waits",
            f"{'; '.join(faults) or 'so it is'}: {_measured(seen, trial)}",
            holds=not faults,
        )
    )


def slower(seen: Seen) -> list[str]:
    """What is to be said against the speed of the channel that was there all the time."""
    meanwhile = seen.delays(while_away=True)
    if meanwhile and median(meanwhile) <= _SLOWER_S:
        return []
    return ["the channel that was there waited while the others were away, or nothing was measured"]


def _measured(seen: Seen, trial: Trial) -> str:
    waited = seen.waited()
    repeated = ", ".join(f"{channel} {seen.repeated(channel)}" for channel in CHANNELS)
    return (
        f"{len(seen.due)} messages to each of {len(CHANNELS)} channels, {len(AWAY)} of them away for "
        f"{trial.seconds:.0f} s ({seen.refused} attempts refused), 2 kills; sent again with a known key: {repeated}; "
        f"what had waited came {min(waited):.1f} to {max(waited):.1f} s after they were back; the channel that was "
        f"there: {_words(seen.delays(while_away=True))} meanwhile, {_words(seen.delays(while_away=False))} afterwards"
    )


def _words(delays: list[float]) -> str:
    return f"{median(delays):.1f} s (at most {max(delays):.1f} s)" if delays else "not measured"


if __name__ == "__main__":
    main()
