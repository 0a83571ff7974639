"""A small team's calls, in a real store, on a clock that the story moves; the real detectors read along."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from detectors.embedded import OWNER
from detectors.followed import Followed
from detectors.reporting import Reporter
from detectors.saving import StateKeeper
from tests.docs.worked_example_models import Model
from tests.fixtures.store import call_rows
from watchkeeper.cli.detecting import engines
from watchkeeper.clock import ManualClock
from watchkeeper.settings import Settings
from watchkeeper.storage import route_weights
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import Target
from watchkeeper.telemetry import Metrics

_TABLE = "calls"
_USD = pa.decimal128(18, 9)


@dataclass(slots=True)
class Work:
    """What a route asks for, and how its code chooses models as long as nobody has set weights."""

    route: str
    calls_per_hour: float
    input_tokens: int
    """Median."""
    output_tokens: int
    shares: dict[Model, int]
    """Percent."""


@dataclass(slots=True)
class Team:
    """Makes, stores and watches the calls of its routes."""

    store: Store
    clock: ManualClock
    models: tuple[Model, ...]
    work: tuple[Work, ...]
    failing: dict[Model, float] = field(default_factory=dict)
    """Share of calls that fail, where it is not the usual one."""
    usual_failures: float = 0.001
    unit_s: float = 3_600.0
    """The detectors get the calls of so much time at once; 0: there are no detectors."""
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(41))
    _numbers: "count[int]" = field(default_factory=count)
    _followed: Followed = field(init=False)
    _keeper: StateKeeper = field(init=False)
    _reporter: Reporter = field(init=False)

    def __post_init__(self) -> None:
        made = engines(Settings.load(), self.store)
        self._keeper = StateKeeper(self.store, self.clock, made, OWNER, 0.0)
        saved = self._keeper.load(_TABLE, 0, with_repeats=False)
        self._followed = saved or Followed.begin(made, self.clock.now(), 0, with_repeats=False)
        self._reporter = Reporter(self.store, self.clock, Metrics())

    def spend(self, hours: float) -> None:
        """Let time pass, with the calls that are made in it; what is in flight at its end ends before."""
        begin = self.clock.now()
        made = pa.concat_tables([self._calls(work, begin, hours) for work in self.work]).unify_dictionaries()
        calls = made.sort_by("ts")
        self.store.insert_arrow("calls", calls, f"calls-{next(self._numbers)}")
        if self.unit_s:
            self._watch(calls, begin, begin + timedelta(hours=hours))
        else:
            self.clock.sleep(hours * 3600)

    def _watch(self, calls: pa.Table, begin: datetime, end: datetime) -> None:
        """The detectors read the calls as they come; the clock goes along."""
        times = calls["ts"].cast(pa.int64()).to_numpy()
        first, last = (int(moment.timestamp() * 1e6) for moment in (begin, end))
        step = int(self.unit_s * 1e6)
        for since in range(first, last, step):
            until = min(since + step, last)
            rows = np.searchsorted(times, [since, until])
            unit = calls.slice(int(rows[0]), int(rows[1] - rows[0]))
            self.clock.sleep((until - since) / 1e6)
            self._reporter.report(self._followed.take(unit, until / 1e6, until))
        self._keeper.save(_TABLE, 0, self._followed, {})

    def _calls(self, work: Work, begin: datetime, hours: float) -> pa.Table:
        n = int(self.rng.poisson(work.calls_per_hour * hours))
        targets, shadows = self._targets(work)
        shares = np.array([one.weight for one in targets])
        drawn = self.rng.choice(len(targets), n, p=shares / shares.sum())
        made = [(one, int((drawn == place).sum())) for place, one in enumerate(targets)]
        made += [(one, round(n * one.weight / 100)) for one in shadows]
        return pa.concat_tables([self._of(work, one, calls, (begin, hours)) for one, calls in made])

    def _targets(self, work: Work) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
        weights = route_weights.read(self.store, work.route)
        if weights is not None:
            return weights.targets, weights.shadow
        return tuple(Target(one.provider, one.name, share, "primary") for one, share in work.shares.items()), ()

    def _of(self, work: Work, target: Target, n: int, span: tuple[datetime, float]) -> pa.Table:
        model = next(one for one in self.models if (one.provider, one.name) == (target.provider, target.model))
        failed = self.rng.random(n) < self.failing.get(model, self.usual_failures)
        begin, hours = span
        times = np.sort(self.rng.uniform(0, hours * 3600, n))
        tokens_in = np.rint(work.input_tokens * np.exp(0.3 * self.rng.standard_normal(n)))
        tokens_out = np.rint(work.output_tokens * np.exp(0.3 * self.rng.standard_normal(n)))
        duration = model.latency_s * np.exp(0.35 * self.rng.standard_normal(n))
        return call_rows(
            n,
            trace_id=self._ids(16, n),
            span_id=self._ids(8, n),
            response_id="",
            ts=pa.array(int(begin.timestamp() * 1e6) + (times * 1e6).astype(np.int64)),
            service="helpdesk",
            environment="production",
            route=work.route,
            variant=target.variant,
            provider=model.provider,
            request_model=model.name,
            model=np.where(failed, model.name, model.served).tolist(),
            duration_us=pa.array((np.minimum(duration, hours * 3600 - times) * 1e6).astype(np.uint64)),
            **_ended(failed),
            **_tokens(model, np.where(failed, np.nan, tokens_in), np.where(failed, np.nan, tokens_out)),
        )

    def _ids(self, width: int, n: int) -> pa.Array:
        return pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(width), n, [None, pa.py_buffer(self.rng.bytes(width * n))]
        )


def _ended(failed: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "outcome": np.where(failed, "error", "ok").tolist(),
        "outcome_reason": np.where(failed, "http_status", "finish_reason").tolist(),
        "finish_reason": np.where(failed, "", "stop").tolist(),
        "error_type": np.where(failed, "server_error", "").tolist(),
        "http_status": np.where(failed, 503, 200).tolist(),
        "cost_status": np.where(failed, "no_usage", "priced").tolist(),
    }


def _tokens(model: Model, inside: npt.NDArray[np.float64], outside: npt.NDArray[np.float64]) -> dict[str, pa.Array]:
    """Tokens and what they cost; nothing is known of calls that failed."""
    usd_in, usd_out = (tokens * float(usd) / 1e6 for tokens, usd in ((inside, model.usd_in), (outside, model.usd_out)))
    money = {"cost_input_usd": usd_in, "cost_output_usd": usd_out, "cost_usd": usd_in + usd_out}
    tokens = {"input_tokens": inside, "output_tokens": outside}
    return {
        **{name: pa.array(values, from_pandas=True).cast(pa.uint32()) for name, values in tokens.items()},
        **{name: pc.round(pa.array(values, from_pandas=True), 9).cast(_USD) for name, values in money.items()},
    }
