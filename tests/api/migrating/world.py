"""A route whose calls follow its weights, in a real store, on a clock that tests move."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import pyarrow as pa

from api.migrating.evaluator import Evaluator
from tests.fixtures.store import call_rows
from watchkeeper.clock import ManualClock
from watchkeeper.storage import route_weights
from watchkeeper.storage.client import Store

BEGIN = datetime(2026, 5, 28, 10, tzinfo=UTC)
ROUTE = "chat"


@dataclass(frozen=True, slots=True)
class Law:
    """How a model behaves."""

    errors: float = 0.01
    latency_s: float = 1.0
    """Median."""
    cost_nano: int = 1_000_000
    broken: float = 0.0
    failure: str = "error"
    """Outcome of those calls that are ``errors``."""


@dataclass(slots=True)
class World:
    """Writes the calls of a route as the weights say."""

    store: Store
    route: str = ROUTE
    clock: ManualClock = field(default_factory=lambda: ManualClock(BEGIN))
    laws: dict[str, Law] = field(default_factory=lambda: {"old": Law(), "new": Law()})
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))
    _numbers: count = field(default_factory=count)  # type: ignore[type-arg]

    def evaluator(self) -> Evaluator:
        """As a process that has just started has it."""
        numbers = count()
        return Evaluator(self.store, self.clock, lambda: f"decision-{id(numbers)}-{next(numbers)}")

    def shares(self) -> dict[str, int]:
        """Percent of the calls by model, as the route's weights are now."""
        weights = route_weights.read(self.store, self.route)
        return {one.model: one.weight for one in weights.targets} if weights else {"old": 100}

    def spend(self, seconds: float, calls: int) -> None:
        """Let time pass, in which so many calls are made and stored."""
        begin = self.clock.now()
        self.clock.sleep(seconds)
        shares = self.shares()
        models = list(shares)
        drawn = self.rng.choice(len(models), calls, p=np.array([shares[one] for one in models]) / 100)
        made = [
            self.rows(model, begin, seconds, int((drawn == number).sum()), "primary" if model == "old" else "canary")
            for number, model in enumerate(models)
        ]
        weights = route_weights.read(self.store, self.route)
        for shadow in weights.shadow if weights else ():
            made.append(self.rows(shadow.model, begin, seconds, round(calls * shadow.weight / 100), "shadow"))
        self._insert(pa.concat_tables(made))

    def write(self, model: str, begin: datetime, seconds: float, n: int, variant: str = "primary") -> None:
        """Store ``n`` calls of one model over ``seconds``, which end before that time does."""
        self._insert(self.rows(model, begin, seconds, n, variant))

    def rows(self, model: str, begin: datetime, seconds: float, n: int, variant: str) -> pa.Table:
        """The same, not stored."""
        law = self.laws[model]
        times = np.sort(self.rng.uniform(0, seconds, n))
        duration = np.minimum(law.latency_s * np.exp(0.4 * self.rng.standard_normal(n)), seconds - times)
        failed = (self.rng.random(n) < law.errors).astype(int)
        ts = int(begin.timestamp() * 1e6) + (times * 1e6).astype(np.int64)
        return call_rows(
            n,
            seed=next(self._numbers),
            ts=pa.array(ts),
            route=self.route,
            provider="openai",
            request_model=model,
            model=f"{model}-1",
            variant=variant,
            duration_us=pa.array((duration * 1e6).astype(np.uint64)),
            outcome=np.array(["ok", law.failure])[failed].tolist(),
            cost_usd=law.cost_nano,
            format_valid=pa.array(self.rng.random(n) >= law.broken),
        )

    def _insert(self, rows: pa.Table) -> None:
        self.store.insert_arrow("calls", rows, f"{self.route}-{next(self._numbers)}")

    def past(self, hours: float = 24, calls: int = 2_000) -> None:
        """Calls of the baseline before the clock's time."""
        self.write("old", self.clock.now() - timedelta(hours=hours), hours * 3600, calls)
