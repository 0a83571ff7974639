"""How many messages a simulated month makes: 120 series, an outage of a provider, three regressions, real detectors.

Every transition that the detectors report goes through the rules of ``RULES`` as it would in the service. Told are the
messages, and which of the four troubles each is about. What is about none of them is a false alarm of the detectors,
and counts. Somebody acknowledges what is told after four hours; how many messages there were otherwise is told too.
"""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.compose import compose
from alerts.desk import Order
from alerts.from_regression import regression_event
from alerts.replay import Arrival, Moment, replay
from alerts.rules import Rules
from benchmarks.alert_fleet import DAY_S, START, Trouble, days_of, troubles
from benchmarks.verdict import Verdict, conclude
from detectors.config import DetectorConfig
from detectors.engine import Engine
from detectors.records import Regression
from detectors.reporting import transition_row

MOST_MESSAGES = 8
_UNIT_S = 3_600.0
_EARLY_S, _LATE_S = 1_800.0, 3 * 3_600.0
"""A message is about a trouble if what it tells may have begun within it, or so long before or after."""
_ACKNOWLEDGED = timedelta(hours=4)
_NEVER = datetime.max.replace(tzinfo=UTC)
RULES: dict[str, Any] = {
    "channels": {"chat": {"type": "slack", "url": "https://hooks.example.com/x"}},
    "rules": [{"name": "everything", "channels": ["chat"]}],
}


def told(days: int, calls_a_day: int, seed: int) -> list[Regression]:
    """Every transition as the detectors report it. Units of an hour save time; steps have the times of calls anyway."""
    engine, found = Engine(DetectorConfig(fleet_series=120)), list[Regression]()
    for day, table in enumerate(days_of(days, calls_a_day, seed)):
        ts = table["ts"].cast("int64").to_numpy() / 1e6
        begin = START + day * DAY_S
        for unit in range(round(DAY_S / _UNIT_S)):
            now = begin + (unit + 1) * _UNIT_S
            low, high = ts.searchsorted([now - _UNIT_S, now])
            if high > low:
                found += engine.process(table.slice(low, high - low), now)
            found += engine.advance(now)
    return found


def arrivals(found: list[Regression]) -> list[Arrival]:
    """Each step when it happened."""
    made = [Arrival(one.at, regression_event(transition_row(one, one.at))) for one in found]
    return sorted(made, key=lambda one: one.at)


def sent(steps: list[Arrival], until: float) -> list[Moment]:
    """The moments at which messages go out."""
    moments = replay(steps, Rules.model_validate(RULES), (), datetime.fromtimestamp(until, UTC))
    return [moment for moment in moments if moment.orders]


def acknowledged(steps: list[Arrival], moments: list[Moment]) -> list[Arrival]:
    """The same steps where somebody acknowledges whatever is told :data:`_ACKNOWLEDGED` after its first message."""
    since: dict[str, datetime] = {}
    for moment in moments:
        for event in (event for order in moment.orders for event in order.events):
            since.setdefault(event.id, moment.at + _ACKNOWLEDGED)
    made = [_known(one) if one.at >= since.get(one.event.id, _NEVER) else one for one in steps]
    for name, at in since.items():
        before = [one for one in steps if one.event.id == name and one.at < at]
        if before and before[-1].event.is_open:
            made.append(_known(Arrival(at, before[-1].event.model_copy(update={"at": at}))))
    return sorted(made, key=lambda one: one.at)


def _known(step: Arrival) -> Arrival:
    return Arrival(step.at, step.event.model_copy(update={"acknowledged_by": "somebody"}))


def about(order: Order, happening: tuple[Trouble, ...]) -> set[str]:
    """Names of the troubles that a message tells of."""
    return {
        trouble.name
        for event in order.events
        for trouble in happening
        if event.provider == trouble.provider
        and event.since_low.timestamp() <= trouble.until + _LATE_S
        and event.since_high.timestamp() >= trouble.since - _EARLY_S
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--calls", type=int, default=24_000, help="calls a day")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    happening = troubles(options.days)
    found = told(options.days, options.calls, options.seed)
    steps, until = arrivals(found), START + (options.days + 2) * DAY_S
    unheard = sent(steps, until)
    orders = [(moment.at, order) for moment in sent(acknowledged(steps, unheard), until) for order in moment.orders]
    covered = set[str]().union(*(about(order, happening) for _, order in orders))
    false = {order.case.id for _, order in orders if not about(order, happening)}
    for at, order in orders:
        print(f"{at:%m-%d %H:%M} {order.decision.verdict.value:<8} {compose(order, at, '', None).title}")
    messages, without = len(orders), sum(len(moment.orders) for moment in unheard)
    missing = [trouble.name for trouble in happening if trouble.name not in covered]
    conclude(
        Verdict(
            "alert noise",
            f"at most {MOST_MESSAGES} messages, every event covered",
            f"{messages} messages ({without} if nobody acknowledged anything), {len(false)} cases about nothing that "
            f"happened, of {len({one.id for one in found})} findings in {len(found)} steps; missing: "
            f"{', '.join(missing) or 'none'}",
            holds=messages <= MOST_MESSAGES and not missing,
        )
    )


if __name__ == "__main__":
    main()
