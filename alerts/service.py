"""The alerts service: from events, by decisions, to messages. What is decided is saved before it is sent."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.acknowledgements import acknowledged
from alerts.budget_watch import budget_conditions
from alerts.charts import Charts
from alerts.checks import Condition, conditions, steps
from alerts.compose import compose
from alerts.decide import Surroundings
from alerts.delivery_log import DeliveryLog, delivery
from alerts.deprecation_watch import Catalogue, deprecation_conditions
from alerts.desk import Order, Round, look, take
from alerts.event import Event
from alerts.expected_stops import ExpectedStops
from alerts.feed import read_on
from alerts.keeping import Keeper, ServiceState
from alerts.message import Message
from alerts.mute_list import stored_mutes
from alerts.mutes import Mute
from alerts.outbox import with_messages, without
from alerts.rules import Rules
from alerts.rules_source import RulesInForce
from alerts.signs import read_signs
from alerts.usage import Usage
from alerts.verdict import Verdict
from alerts.workers import Workers
from watchkeeper.clock import Clock
from watchkeeper.errors import WatchkeeperError, in_words
from watchkeeper.storage.alert_decisions import DecisionRow, log_decisions
from watchkeeper.storage.alert_deliveries import Outcome, settled_keys
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics, logger

_log = logger("alerts")
_ROUND_S = 3.0
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
_STOP_S = 5.0
_CHECKS_EVERY = timedelta(seconds=60)
_SELDOM = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class AlertParts:
    """What the service is made of."""

    store: Store
    rules: RulesInForce
    keeper: Keeper
    workers: Workers
    log: DeliveryLog
    metrics: Metrics
    clock: Clock
    catalogue: Catalogue
    """Says which models will not stay."""
    link_base: str = ""
    """Address of the API for people, without a slash at the end."""
    round_s: float = _ROUND_S


class AlertsService:
    """One thread runs it; :meth:`stop`, :meth:`problem` and :meth:`problems` may be called from any."""

    def __init__(self, parts: AlertParts) -> None:
        self._parts = parts
        self._usage, self._charts = Usage(parts.store), Charts(parts.store)
        self._stops = ExpectedStops(parts.store, self._usage)
        self._state: ServiceState | None = None
        self._due: datetime | None = None
        self._decided_by: tuple[Rules, tuple[Mute, ...]] | None = None
        self._checked_at: datetime | None = None
        self._seldom_at: datetime | None = None
        self._seldom: list[Condition] = []
        self._stop = threading.Event()
        self._problem = ""

    def stop(self) -> None:
        """End :meth:`run` soon."""
        self._stop.set()

    def problem(self) -> str:
        """Why the latest round failed, in words fit for a user; empty where it did not."""
        return self._problem

    def problems(self) -> Mapping[str, str]:
        """All that does not work now, rules and channels included."""
        found = {"alerts": self._problem, "alert rules": self._parts.rules.problem}
        failing = {f"alert channel {name}": why for name, why in self._parts.workers.problems().items()}
        return {name: why for name, why in {**found, **failing}.items() if why}

    def run(self, after_round: Callable[[], None] = lambda: None) -> None:
        """Work until stopped, then save. Whatever fails is tried again, with longer and longer waits."""
        wait_s = _FIRST_WAIT_S
        while not self._stop.is_set():
            try:
                self.run_once()
            except Exception as error:  # noqa: BLE001  no fault of the alerts may end the process that takes calls
                self._failed(error)
                self._stop.wait(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
                continue
            self._problem, wait_s = "", _FIRST_WAIT_S
            after_round()
            self._stop.wait(self._parts.round_s)
        self._parts.workers.stop(_STOP_S)
        self._save_last()

    def run_once(self) -> bool:
        """One round; false while another process works for the alerts, or there are no rules.

        After an error what is remembered counts for nothing: the next round begins with what was saved last.
        """
        now, parts = self._parts.clock.now(), self._parts
        rules = parts.rules.current()
        if rules is None:
            return False
        before, self._state = self._state or self._begin(now), None
        if before is None:
            parts.workers.stop(_STOP_S)
            return False
        new_workers = parts.workers.follow(rules)
        parts.log.flush()
        state, events = self._read(self._without_settled(before, rules), now)
        around = Surroundings(rules, stored_mutes(parts.store, now), now)
        made: Round | None = None
        if events or self._is_due(around):
            made = look(take(state.desk, events, now), around)
            state = self._with_orders(state, made, around)
        # First what is decided, then what is sent: a message that was not saved would be made again after a crash.
        if state != before or parts.keeper.beat_is_due(now):
            parts.keeper.save(state, now)
        self._state = state
        waiting = state.outbox.values()
        parts.workers.offer(waiting if new_workers else [one for one in waiting if one.key not in before.outbox])
        if made is not None:
            # After what was sent, what comes next is decided in the next round.
            self._due = now if made.orders else made.due
            self._decided_by = (around.rules, tuple(around.mutes))
            log_decisions(parts.store, _decision_rows(made, now))
        self._note(state)
        return True

    # --- one round

    def _begin(self, now: datetime) -> ServiceState | None:
        state = self._parts.keeper.take_over(now)
        if state is None:
            return None
        settled = settled_keys(self._parts.store, state.outbox.keys()) | self._parts.log.settled()
        state = state.model_copy(update={"outbox": without(state.outbox, settled)})
        self._decided_by = None
        self._parts.workers.offer(state.outbox.values())
        return state

    def _without_settled(self, state: ServiceState, rules: Rules) -> ServiceState:
        settled = self._parts.log.settled()
        left = without(state.outbox, settled)
        self._parts.log.forget(settled - state.outbox.keys())
        lost = [message for message in left.values() if message.channel not in rules.channels]
        self._give_up(lost, "its channel is no more in the rules")
        left = without(left, {message.key for message in lost})
        return state if len(left) == len(state.outbox) else state.model_copy(update={"outbox": left})

    def _read(self, state: ServiceState, now: datetime) -> tuple[ServiceState, list[Event]]:
        events, place = read_on(self._parts.store, state.place, now)
        located = [self._stops.explained(self._usage.located(event)) for event in events]
        checked = self._check(state.conditions, now)
        lasting = {**state.conditions, **checked}
        held = {name: event for name, event in lasting.items() if event.state != "resolved"}
        changes = {"place": place, "conditions": held}
        noted = acknowledged(self._parts.store, state.desk)
        noticed = [self._usage.located(event) for event in checked.values()]
        return state.model_copy(update=changes), [*located, *noticed, *noted]

    def _check(self, known: dict[str, Event], now: datetime) -> dict[str, Event]:
        if self._checked_at is not None and now - self._checked_at < _CHECKS_EVERY:
            return {}
        if self._seldom_at is None or now - self._seldom_at >= _SELDOM:
            store, catalogue = self._parts.store, self._parts.catalogue
            self._seldom = budget_conditions(store, now) + deprecation_conditions(store, catalogue, now)
            self._seldom_at = now
        found = steps(known, conditions(read_signs(self._parts.store, now)) + self._seldom, now)
        self._checked_at = now
        return found

    def _is_due(self, around: Surroundings) -> bool:
        changed = self._decided_by != (around.rules, tuple(around.mutes))
        return changed or (self._due is not None and around.now >= self._due)

    def _with_orders(self, state: ServiceState, made: Round, around: Surroundings) -> ServiceState:
        outbox, gone = with_messages(state.outbox, [self._message(order, around) for order in made.orders])
        self._give_up(gone, "too many messages wait for this channel")
        return state.model_copy(update={"desk": made.state, "outbox": outbox})

    def _message(self, order: Order, around: Surroundings) -> Message:
        now, ended = around.now, order.decision.verdict is Verdict.END
        until = max(event.at for event in order.events) if ended else now
        drawn = around.rules.channels[order.channel].takes_charts
        chart = self._charts.of(order.events, now) if drawn else None
        return compose(order, now, self._parts.link_base, self._usage.of(order.events, until), chart)

    def _give_up(self, messages: list[Message], why: str) -> None:
        for message in messages:
            self._parts.log(delivery(message, self._parts.clock.now(), Outcome.GIVEN_UP, 0, why))

    def _failed(self, error: Exception) -> None:
        self._problem = in_words(error)
        self._parts.metrics.alert_failures.inc()
        _log.error("the alerts failed and go on from what was saved last", error=self._problem)

    def _save_last(self) -> None:
        if self._state is None:
            return
        try:
            self._parts.log.flush()
            self._parts.keeper.release(self._state, self._parts.clock.now())
        except WatchkeeperError as error:
            _log.warning("the last state of the alerts is not saved", error=str(error))

    def _note(self, state: ServiceState) -> None:
        self._parts.metrics.alert_cases.set(len(state.desk.cases))
        for name, count in self._parts.workers.waiting().items():
            self._parts.metrics.alert_waiting.labels(name).set(count)


def _decision_rows(made: Round, now: datetime) -> list[DecisionRow]:
    return [
        DecisionRow(
            at=now,
            case=one.case,
            events=one.events,
            channel=one.channel,
            rule=one.rule,
            verdict=one.decision.verdict.value,
            reason=one.decision.reason,
            until=one.decision.until,
        )
        for one in made.decided
    ]
