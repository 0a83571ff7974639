"""One series: its calls cut into blocks, judged by every metric's baseline, learned from while all is quiet."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from detectors.alarms import Blocks, Change, Decided, joined
from detectors.batch import BlockSums, MetricCalls, SeriesSums
from detectors.blocks import OpenBlock
from detectors.columns import Bools, Floats
from detectors.config import DetectorConfig
from detectors.decider import MetricDecider, decider_for
from detectors.metrics import Direction, Kind, Metric, Strata
from detectors.monitor import METRIC_COUNT, Monitor
from detectors.rate_learner import RateLearner
from detectors.records import State
from detectors.rules import MetricSettings, patience_s, settings_for
from detectors.score_learner import ScoreLearner
from detectors.series import SeriesKey
from detectors.series_calls import Placed, SeriesCalls, of_metrics
from detectors.strata import StrataIndex
from detectors.value_learner import ValueLearner

Learner = RateLearner | ValueLearner | ScoreLearner
_SMALLEST_CHUNK, _LARGEST_CHUNK = 100, 5_000
_RATE_STRATA = 8
_WAYS = {Direction.UP: 1.0, Direction.DOWN: -1.0, Direction.BOTH: 0.0}


@dataclass(slots=True)
class SeriesWatch:
    """Everything known of one series."""

    key: SeriesKey
    settings: tuple[MetricSettings, ...]
    monitor: Monitor
    strata: dict[str, StrataIndex]
    learners: list[Learner]
    block: OpenBlock
    carry: SeriesSums
    """Sums of the open block."""
    deciders: list[MetricDecider | None]
    block_number: int = 0
    calls: int = 0
    first_seen: float = 0.0
    last_seen: float = 0.0
    inherited_from: str = ""
    waiting: list[list[float]] = field(default_factory=lambda: [[] for _ in range(METRIC_COUNT)])
    """Times, one list a metric, at which a river detector fired in the open block."""
    weighed: Floats | None = None
    """The weights, until a baseline changes."""

    @classmethod
    def start(cls, key: SeriesKey, config: DetectorConfig) -> Self:
        """A series that was never seen."""
        return cls.of(key, settings_for(config, key), patience_s(config), config)

    @classmethod
    def of(cls, key: SeriesKey, settings: tuple[MetricSettings, ...], patience: float, config: DetectorConfig) -> Self:
        """The same for other metrics (rates first) with a ``patience`` of their own, seconds."""
        strata = {kind.value: StrataIndex(config.max_strata) for kind in Strata} | {"rate": StrataIndex(_RATE_STRATA)}
        learners = [learner_for(one, strata) for one in settings]
        carry = SeriesSums.zeros(1, len(settings))
        deciders = [decider_for(config.detector, one.metric) for one in settings]
        monitor = Monitor.of(patience, len(settings), _rates(settings))
        waiting: list[list[float]] = [[] for _ in settings]
        return cls(key, settings, monitor, strata, learners, OpenBlock(), carry, deciders, waiting=waiting)

    def feed(self, calls: SeriesCalls) -> tuple[Blocks, list[Change]]:
        """Take calls in the order of time; the blocks that closed, and what changed its state."""
        if not self.calls:
            self.first_seen = float(calls.ts[0])
        found, changes, begin = [], [], 0
        while begin < len(calls.ts):
            # In parts, so that a long batch cannot teach a baseline what the baseline should have judged.
            size = min(max(self.calls // 4, _SMALLEST_CHUNK), _LARGEST_CHUNK)
            part = calls.part(begin, begin + size)
            blocks = self._take(part)
            changes += self._judge(blocks)
            found.append(blocks)
            begin += size
        return joined(found), changes

    def expire(self, now: float) -> tuple[Blocks, list[Change]] | None:
        """Close the open block if it is over by the clock."""
        end = self.block.expire(now)
        if end is None:
            return None
        blocks = self._closed([end], self.carry)
        self._start_block()
        return blocks, self._judge(blocks)

    def states(self) -> list[State]:
        """Where each watched metric stands that has seen calls."""
        able: Bools = np.any(self.weights, axis=(0, 2))
        return [
            self.monitor.state(m, able=bool(able[m]), learning=learner.pinned is None)
            for m, learner in enumerate(self.learners)
            if self.settings[m].watch and learner.known
        ]

    @property
    def weights(self) -> Floats:
        """[2, M, K] of the alternatives; zero where a metric is not watched or still learning."""
        if self.weighed is None:
            watched = np.array([one.watch for one in self.settings], np.float64)
            stacked = np.stack([learner.weights() for learner in self.learners], axis=1)
            self.weighed = stacked * watched[None, :, None]
            self.monitor.young = np.array([isinstance(one, RateLearner) and one.young for one in self.learners])
        return self.weighed

    @property
    def phi(self) -> Floats:
        """[M] dispersion of each metric's blocks; 1 while learning."""
        phis = [1.0] * len(self.learners)
        for position, learner in enumerate(self.learners):
            if isinstance(learner, ValueLearner):
                phis[position] = learner.pinned.baseline.phi if learner.pinned else 1.0
            else:
                phis[position] = learner.pinned.phi if learner.pinned else 1.0
        return np.array(phis)

    def one_by_one(self, m: int, calls: SeriesCalls) -> tuple[MetricCalls, BlockSums] | None:
        """The calls that count for a metric, and the sums of each: judged by itself, learned from by nobody."""
        placed = Placed(calls, np.arange(len(calls.ts)), self.block_number)
        found = dict(
            of_metrics(placed, [one for one in self._watched() if one[0] == m], self.monitor.rates, self.strata)
        )
        if not found:
            return None
        each = replace(found[m], block=np.arange(len(found[m].ts)))
        return each, self.learners[m].judge(each, len(each.ts))

    def inherit(self, elder: "SeriesWatch") -> None:
        """Judge by the baseline of the model that served this workload before: the application asked for the same."""
        state = elder.snapshot()
        self.strata = {name: StrataIndex(one.most, list(one.codes)) for name, one in elder.strata.items()}
        self.learners = [
            _restored(one, self.strata, kept) for one, kept in zip(self.settings, state["learners"], strict=True)
        ]
        for learner in self.learners:
            learner.discard()
        self.inherited_from = elder.key.model
        self.weighed = None
        self.monitor.doubt_as(elder.monitor)
        self.monitor.last = elder.monitor.last.copy()
        # Calls of the elder may wait for a first baseline, by the number of their block.
        self.block_number = elder.block_number + 1

    def _take(self, part: SeriesCalls) -> Blocks:
        position, ends = self.block.cut(part.ts)
        placed = Placed(part, position, self.block_number)
        sums = SeriesSums.zeros(len(ends) + 1, len(self.settings))
        for m, calls in of_metrics(placed, self._watched(), self.monitor.rates, self.strata):
            self._judged(m, calls, sums.of(m))
        sums.add_first(self.carry)
        blocks = self._closed(ends, sums.closed())
        self.carry = sums.last()
        self.block_number += len(ends)
        self.calls += len(part.ts)
        self.last_seen = max(self.last_seen, float(part.ts[-1]))
        return blocks

    def _judged(self, m: int, calls: MetricCalls, sums: BlockSums) -> None:
        self.learners[m].fill(calls, sums)
        self._decide(m, calls)
        if m not in self.monitor.open:
            since = self.settings[m].pin_from
            if not since or calls.ts[0] >= since:
                self.learners[m].learn(calls)

    def _decide(self, m: int, calls: MetricCalls) -> None:
        """Let a river detector see the calls that it decides by."""
        decider = self.deciders[m]
        residuals = self.learners[m].residuals(calls) if decider is not None else None
        if decider is not None and residuals is not None:
            fired = decider.feed(calls.ts, residuals, calls.value)
            if decider.decides:
                self.waiting[m].extend(fired.tolist())

    def _decided(self, ends: list[float]) -> Decided | None:
        """In which of the blocks ending at ``ends`` the deciding detectors fired; None where the e-detector decides."""
        if not any(decider is not None and decider.decides for decider in self.deciders):
            return None
        fired = np.zeros((len(ends), len(self.settings)), np.bool_)
        for m, times in enumerate(self.waiting):
            places = np.searchsorted(ends, times)
            fired[places[places < len(ends)], m] = True
            self.waiting[m] = [at for at, place in zip(times, places, strict=True) if place == len(ends)]
        return Decided(fired, np.array([_WAYS[one.direction] for one in self.settings]), self.monitor.rates)

    def _watched(self) -> list[tuple[int, Metric]]:
        return [(m, one.metric) for m, one in enumerate(self.settings) if one.watch]

    def _closed(self, ends: list[float], sums: SeriesSums) -> Blocks:
        phi = np.tile(self.phi, (len(ends), 1))
        return Blocks(ends, sums.evidence, sums.features, sums.calls, sums.s, sums.v, phi)

    def _judge(self, blocks: Blocks) -> list[Change]:
        if not blocks.ends:
            return []
        changes = self.monitor.feed(blocks, self.weights, self._decided(blocks.ends))
        self._learn(blocks)
        return changes

    def _learn(self, blocks: Blocks) -> None:
        """Extend what is quiet, forget what may belong to a change."""
        now = blocks.ends[-1]
        spoke = np.any(blocks.v > 0, axis=0).tolist()
        for m, learner in enumerate(self.learners):
            if m in self.monitor.open:
                learner.discard()
                continue
            if spoke[m]:
                learner.learn_blocks(blocks.s[:, m], blocks.v[:, m])
            if learner.due(now) and self.monitor.quiet(m) and learner.extend(now):
                self.weighed = None

    def _start_block(self) -> None:
        self.carry = SeriesSums.zeros(1, len(self.settings))
        self.block_number += 1

    def snapshot(self) -> dict[str, Any]:
        """For :meth:`restore`."""
        return {
            "key": list(self.key),
            "monitor": self.monitor.snapshot(),
            "strata": {name: index.codes for name, index in self.strata.items()},
            "learners": [learner.state() for learner in self.learners],
            "block": [self.block.start, self.block.calls, self.block.end],
            "carry": self.carry.state(),
            "deciders": [decider and decider.state() for decider in self.deciders],
            "waiting": self.waiting,
            "counts": [self.block_number, self.calls, self.first_seen, self.last_seen, self.inherited_from],
        }

    @classmethod
    def restore(cls, state: dict[str, Any], config: DetectorConfig) -> Self:
        """From :meth:`snapshot`, bit for bit."""
        settings = settings_for(config, SeriesKey(*state["key"]))
        return cls.restore_of(state, settings, patience_s(config), config)

    @classmethod
    def restore_of(
        cls, state: dict[str, Any], settings: tuple[MetricSettings, ...], patience: float, config: DetectorConfig
    ) -> Self:
        """The same for one made by :meth:`of`."""
        strata = {
            name: StrataIndex(_RATE_STRATA if name == "rate" else config.max_strata, [int(code) for code in codes])
            for name, codes in state["strata"].items()
        }
        learners = [_restored(one, strata, kept) for one, kept in zip(settings, state["learners"], strict=True)]
        start, calls, end = state["block"]
        number, seen, first, last, inherited = state["counts"]
        return cls(
            key=SeriesKey(*state["key"]),
            settings=settings,
            monitor=Monitor.restore(patience, state["monitor"], _rates(settings)),
            strata=strata,
            learners=learners,
            block=OpenBlock(float(start), int(calls), float(end)),
            carry=SeriesSums.restore(state["carry"]),
            deciders=[MetricDecider.restore(kept) if kept else None for kept in state["deciders"]],
            block_number=int(number),
            calls=int(seen),
            first_seen=float(first),
            last_seen=float(last),
            inherited_from=inherited,
            waiting=[[float(at) for at in times] for times in state["waiting"]],
        )


def _rates(settings: tuple[MetricSettings, ...]) -> int:
    return sum(one.metric.kind is Kind.RATE for one in settings)


def learner_for(settings: MetricSettings, strata: dict[str, StrataIndex]) -> Learner:
    """A learner that knows nothing yet."""
    if settings.metric.kind is Kind.RATE:
        return RateLearner(settings.tolerance)
    if settings.metric.kind is Kind.SCORE:
        return ScoreLearner(settings.tolerance, settings.direction)
    hourly = settings.metric.unit == "s"
    return ValueLearner(settings.tolerance, settings.direction, strata[settings.metric.strata.value], hourly)


def _restored(settings: MetricSettings, strata: dict[str, StrataIndex], state: dict[str, Any]) -> Learner:
    if settings.metric.kind is Kind.RATE:
        return RateLearner.restore(settings.tolerance, state)
    if settings.metric.kind is Kind.SCORE:
        return ScoreLearner.restore(settings.tolerance, settings.direction, state)
    index = strata[settings.metric.strata.value]
    return ValueLearner.restore(settings.tolerance, settings.direction, index, settings.metric.unit == "s", state)
