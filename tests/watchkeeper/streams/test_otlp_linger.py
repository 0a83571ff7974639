"""When a started batch goes."""

from watchkeeper.streams.otlp_linger import Linger

RULE = Linger(longest_s=0.2, quiet_s=0.03)


def test_a_lone_client_expects_only_itself_and_goes_at_once() -> None:
    assert RULE.is_ripe(waiting=1, expected=1, waited_s=0, quiet_s=0)


def test_without_any_experience_nobody_is_expected() -> None:
    assert RULE.is_ripe(waiting=1, expected=0, waited_s=0, quiet_s=0)


def test_clients_that_were_just_answered_are_waited_for() -> None:
    assert not RULE.is_ripe(waiting=29, expected=30, waited_s=0.1, quiet_s=0.01)
    assert RULE.is_ripe(waiting=30, expected=30, waited_s=0.1, quiet_s=0.01)


def test_clients_that_stay_away_are_given_up_after_a_quiet_moment() -> None:
    assert RULE.is_ripe(waiting=1, expected=30, waited_s=0.03, quiet_s=0.03)


def test_a_steady_trickle_does_not_hold_a_batch_for_ever() -> None:
    assert RULE.is_ripe(waiting=10, expected=1_000, waited_s=0.2, quiet_s=0)


def test_it_looks_again_more_often_than_it_gives_up() -> None:
    assert 0 < RULE.step_s < RULE.quiet_s
