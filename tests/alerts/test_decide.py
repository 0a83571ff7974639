"""What is told when: each rule of the game by itself, with its reason."""

from datetime import timedelta
from typing import Any

import pytest

from alerts.case import MOST_EVENTS
from alerts.desk import MOST_CASES, DeskState, take
from alerts.event import Event, EventState, Severity
from alerts.mutes import Mute
from alerts.phrases import lasted
from alerts.replay import Moment, replay
from alerts.rules import Rules
from tests.alerts.made_events import arrivals, at, ended, event, rules, step


def told(*events: Event, by: Rules | None = None, mutes: list[Mute] | None = None, days: float = 3) -> list[str]:
    """``verdict channel +minutes`` of every message."""
    return [
        f"{order.decision.verdict.value} {order.channel} +{(moment.at - at()).total_seconds() / 60:g}"
        for moment in moments(*events, by=by, mutes=mutes, days=days)
        for order in moment.orders
    ]


def moments(*events: Event, by: Rules | None = None, mutes: list[Mute] | None = None, days: float = 3) -> list[Moment]:
    return list(replay(arrivals(*events), by or rules(), mutes or [], at(days=days)))


def reasons(*events: Event, **options: Any) -> list[str]:
    return [one.decision.reason for moment in moments(*events, **options) for one in moment.decided]


FOUND = event("r1", at())


def test_what_lasts_is_told_once_and_its_end_when_it_has_stayed_over() -> None:
    assert told(FOUND, ended(FOUND, at(hours=1))) == ["open chat +2", "end chat +65"]


def test_what_is_over_within_the_hold_is_never_told() -> None:
    events = FOUND, ended(FOUND, at(minutes=1))
    assert told(*events) == []
    assert reasons(*events)[-1] == "it was over before it was told"


def test_a_return_before_the_end_was_told_is_no_message_and_makes_the_end_wait_longer() -> None:
    over = ended(FOUND, at(hours=1))
    back = step(over, at(hours=1, minutes=3), state=EventState.OPEN)
    assert told(FOUND, over, back, ended(back, at(hours=2))) == ["open chat +2", "end chat +130"]


def test_flapping_is_damped() -> None:
    """Forty turns of five minutes each make few messages."""
    events, last = [FOUND], FOUND
    for turn in range(40):
        state = EventState.OPEN if turn % 2 else EventState.RESOLVED
        last = step(last, at(minutes=10 + 10 * turn), state=state)
        events.append(last)
    sent = told(*events, ended(last, at(minutes=420)))
    assert sent[0] == "open chat +2"
    assert sent[-1].startswith("end chat")
    assert len(sent) <= 6


def test_it_is_repeated_until_somebody_acknowledges_it() -> None:
    acknowledged = step(FOUND, at(hours=30), acknowledged_by="ann")
    assert told(FOUND, acknowledged) == ["open chat +2", "repeat chat +1442"]
    assert reasons(FOUND, acknowledged)[-1] == "acknowledged by ann: it is not repeated"
    assert told(FOUND, acknowledged, ended(acknowledged, at(hours=40)))[-1] == "end chat +2405"


def test_it_is_never_repeated_where_the_rule_says_so() -> None:
    assert told(FOUND, by=rules({"repeat": "never"})) == ["open chat +2"]


def test_what_is_acknowledged_before_it_was_told_is_not_told() -> None:
    assert told(FOUND, step(FOUND, at(minutes=1), acknowledged_by="ann")) == []


def test_what_is_worse_than_what_was_acknowledged_is_told_also_where_nothing_was_told_yet() -> None:
    warning = event("r1", at(), severity=Severity.WARNING)
    seen = step(warning, at(minutes=1), acknowledged_by="ann")
    alike = event("r2", at(minutes=5), severity=Severity.WARNING, metric="timeout")
    assert told(warning, seen, alike) == []
    worse = event("r3", at(minutes=10), metric="latency")
    assert told(warning, seen, alike, worse) == ["open chat +10"]
    leads = rules({**ESCALATING, "match": {"severity": "warning"}})
    assert told(warning, seen, alike, by=leads) == []


ESCALATING = {"escalate": [{"after": "30m", "channels": ["oncall"]}]}


def test_nobody_acknowledges_it_so_somebody_else_is_told_and_hears_of_the_end() -> None:
    sent = told(FOUND, ended(FOUND, at(hours=2)), by=rules(ESCALATING))
    assert sent == ["open chat +2", "escalate oncall +32", "end chat +125", "end oncall +125"]


def test_an_acknowledgement_stops_the_escalation() -> None:
    assert told(FOUND, step(FOUND, at(minutes=20), acknowledged_by="ann"), by=rules(ESCALATING)) == ["open chat +2"]


NIGHT = {"quiet_hours": [{"from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"}]}


def test_quiet_hours_hold_back_what_is_not_critical() -> None:
    warning = event("r1", at(), severity=Severity.WARNING)
    # 00:00 UTC is 02:00 in Berlin in June; 07:00 there is 05:00 UTC.
    assert told(warning, by=rules(NIGHT), days=1) == ["open chat +300"]
    assert told(FOUND, by=rules(NIGHT))[0] == "open chat +2"
    assert told(warning, ended(warning, at(hours=1)), by=rules(NIGHT)) == []


def test_an_end_waits_for_the_morning_too() -> None:
    evening = event("r1", at(hours=12), severity=Severity.WARNING)
    assert told(evening, ended(evening, at(hours=23)), by=rules(NIGHT)) == ["open chat +722", "end chat +1740"]


def mute(**fields: Any) -> Mute:
    return Mute.model_validate({"reason": "load test", **fields})


def test_a_mute_holds_back_the_message_until_it_ends() -> None:
    silent = mute(match={"service": "shop"}, to=at(hours=3))
    assert told(FOUND, mutes=[silent])[0] == "open chat +180"
    assert told(FOUND, mutes=[mute(match={"service": "other"}, to=at(hours=3))])[0] == "open chat +2"
    assert "muted: load test" in reasons(FOUND, mutes=[silent])


def test_the_end_of_what_was_told_is_told_through_a_mute() -> None:
    silent = mute(**{"from": at(minutes=30), "to": at(days=2)})
    assert told(FOUND, ended(FOUND, at(hours=1)), mutes=[silent]) == ["open chat +2", "end chat +65"]


def test_a_maintenance_window_comes_again_every_week() -> None:
    hours = {"from": "00:00", "to": "04:00", "days": ["mon"]}
    assert told(FOUND, by=rules(mutes=[{"reason": "backup", "hours": hours}]))[0] == "open chat +240"
    tuesday = event("r1", at(days=1))
    assert told(tuesday, by=rules(mutes=[{"reason": "backup", "hours": hours}]))[0] == "open chat +1442"


def test_more_severe_is_told_at_once_and_twice_as_many_routes_after_a_while() -> None:
    warning = event("r1", at(), severity=Severity.WARNING)
    grown = step(warning, at(minutes=10), places=("shop/buy", "shop/pay", "shop/ask", "shop/sell"))
    worse = step(grown, at(hours=3), severity=Severity.CRITICAL)
    assert told(warning, grown, worse, days=0.5) == ["open chat +2", "worse chat +32", "worse chat +180"]


def test_what_passes_is_neither_repeated_nor_told_to_have_grown() -> None:
    passing = step(FOUND, at(minutes=20), passing=True, places=tuple(f"shop/{n}" for n in range(9)))
    over = ended(passing, at(hours=50))
    assert told(FOUND, passing, over) == ["open chat +2", "end chat +3005"]
    (reason,) = {reason for reason in reasons(FOUND, passing, over) if "look as before" in reason}
    assert reason.startswith("the last calls of all routes together look as before it")


def test_the_end_tells_when_the_calls_looked_as_before_and_when_that_was_certain() -> None:
    passing = step(FOUND, at(hours=1), passing=True, route="*")
    relapse = step(passing, at(hours=2), passing=False)
    again = step(relapse, at(hours=3), passing=True)
    still = step(again, at(hours=5), passing=True)
    *_, (order,) = (
        one.orders for one in moments(FOUND, passing, relapse, again, still, ended(still, at(hours=9))) if one.orders
    )
    assert (
        lasted(order.events)
        == "2026-05-31 23:50 to 2026-06-01 03:00 UTC, 3 h 10 min; certain for each route at 2026-06-01 09:00 UTC"
    )


def test_an_outage_that_is_over_in_part_has_not_grown() -> None:
    """Routes that are noticed late are of models that were told already."""
    whole = [event(f"o{n}", at(minutes=n / 9), kind="outage", model=f"m{n}", route="*", places=()) for n in range(3)]
    late = [event(f"r{n}", at(minutes=30), model="m0", route=str(n), places=(f"shop/{n}",)) for n in range(9)]
    over = [ended(one, at(minutes=31)) for one in whole]
    told_of_late = told(*whole, *late, *over, *(ended(one, at(hours=3)) for one in late))
    assert told_of_late == ["open chat +2", "end chat +185"]


def test_more_routes_of_what_is_of_all_routes_are_no_news() -> None:
    whole = event("r1", at(), route="*", service="*", places=("shop/buy",))
    grown = step(whole, at(minutes=10), places=tuple(f"shop/{n}" for n in range(20)))
    assert told(whole, grown, days=0.9) == ["open chat +2"]


def test_what_seems_to_pass_is_not_repeated() -> None:
    assert told(FOUND, step(FOUND, at(hours=20), passing=True)) == ["open chat +2"]


def test_a_change_is_told_once_and_its_end_is_none() -> None:
    change = event("m1", at(), kind="served_model_change", state=EventState.INFO, severity=Severity.WARNING)
    sent = told(change, ended(change, at(days=7)), days=10)
    assert sent == ["open chat +2"]


def test_the_first_rule_that_fits_decides_unless_it_goes_on() -> None:
    pages = {"match": {"severity": "critical"}, "channels": ["oncall"]}
    assert told(FOUND, by=rules(pages, {}), days=0.5) == ["open oncall +2"]
    both = told(FOUND, by=rules({**pages, "continue": True}, {}), days=0.5)
    assert both == ["open oncall +2", "open chat +2"]


def test_what_no_rule_fits_is_not_told_and_the_reason_is_kept() -> None:
    by = rules({"match": {"service": "other"}})
    assert told(FOUND, by=by) == []
    assert reasons(FOUND, by=by) == ["no rule fits: rule 1: service is shop, not other"]


def test_what_becomes_more_severe_goes_another_way_and_its_first_channel_hears_of_the_end() -> None:
    by = rules({"match": {"severity": "critical"}, "channels": ["oncall"]}, {})
    warning = event("r1", at(), severity=Severity.WARNING)
    worse = step(warning, at(hours=1), severity=Severity.CRITICAL)
    sent = told(warning, worse, ended(worse, at(hours=2)), by=by)
    assert sorted(sent) == ["end chat +120", "end oncall +125", "open chat +2", "open oncall +60"]


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({"route": "b*"}, True),
        ({"route": ["pay", "buy"]}, True),
        ({"model": "gpt-*", "metric": "error"}, True),
        ({"provider": "anthropic"}, False),
        ({"effect": 5}, True),
        ({"effect": 50}, False),
        ({"environment": "prod"}, False),
    ],
    ids=str,
)
def test_a_match_asks_for_all_of_its_names(match: dict[str, Any], fits: bool) -> None:
    assert bool(told(FOUND, by=rules({"match": match}))) is fits


def test_what_has_no_size_is_not_held_back_by_one() -> None:
    outage = event("o1", at(), kind="outage", size=None)
    assert told(outage, by=rules({"match": {"effect": 0.5}}), days=0.5) == ["open chat +2"]


def test_an_event_of_all_routes_fits_each_of_them() -> None:
    outage = event("o1", at(), service="*", route="*", places=())
    assert told(outage, by=rules({"match": {"service": "team-*"}}), days=0.5) == ["open chat +2"]


def test_no_event_is_lost_however_many_there_are() -> None:
    many = [event(f"r{n}", at(hours=n), provider=f"p{n}") for n in range(MOST_CASES + 5)]
    state = take(DeskState(), many, at())
    assert len(state.cases) == MOST_CASES
    assert sum(len(case.events) for case in state.cases.values()) == len(many)


def test_a_case_is_bounded() -> None:
    many = [event(f"r{n}", at()) for n in range(MOST_EVENTS + 5)]
    (case,) = take(DeskState(), many, at()).cases.values()
    assert len(case.events) == MOST_EVENTS
    assert f"r{MOST_EVENTS + 4}" in case.events


def test_steps_that_are_known_or_older_change_nothing() -> None:
    over = ended(FOUND, at(hours=1))
    state = take(DeskState(), [FOUND, over], at())
    assert take(state, [FOUND, over], at(hours=2)) == state


def test_the_state_goes_through_json() -> None:
    (*_, last) = moments(FOUND, ended(FOUND, at(hours=1)))
    assert DeskState.model_validate_json(last.state.model_dump_json()) == last.state


def test_what_is_long_over_is_forgotten_and_its_return_has_keys_of_its_own() -> None:
    from_before = {order.case.id for moment in moments(FOUND, ended(FOUND, at(hours=1))) for order in moment.orders}
    later = event("r1", at(days=2), seq=3)
    sent = [order for moment in moments(FOUND, ended(FOUND, at(hours=1)), later) for order in moment.orders]
    assert [order.decision.verdict.value for order in sent] == ["open", "end", "open"]
    assert sent[-1].case.id not in from_before
    assert timedelta(hours=24) < sent[-1].case.opened_at - at()
