"""The comparison of the two sides' books."""

from demo.crosscheck import compare
from demo.summary import SummaryRow
from demo.truth import ProviderCall
from watchkeeper.schema import Outcome

_TOKENS = 10


def _call(outcome: Outcome = Outcome.OK, tokens: int | None = _TOKENS) -> ProviderCall:
    return ProviderCall("app", "gpt-4o-mini", outcome, 1, False, tokens, tokens)


def _row(tokens: int | None, **outcomes: int) -> SummaryRow:
    calls = sum(outcomes.values())
    return SummaryRow(
        service="app",
        provider="openai",
        model="gpt-4o-mini",
        calls=calls,
        outcomes=outcomes,
        input_tokens=tokens,
        output_tokens=tokens,
    )


def test_equal_books_agree_over_several_rows() -> None:
    calls = [_call(), _call(), _call(Outcome.RATE_LIMITED, None)]
    comparison = compare(calls, [_row(20, ok=2), _row(None, rate_limited=1)])
    assert comparison.problems == ()
    assert (comparison.seen, comparison.stored) == (3, 3)
    assert "saw 3 calls and Watchkeeper stored 3" in comparison.sentence


def test_a_lost_call_is_a_problem() -> None:
    comparison = compare([_call(), _call()], [_row(10, ok=1)])
    assert "app: 2 calls happened, 1 stored" in comparison.problems
    assert comparison.sentence.startswith("The books do not agree")


def test_a_call_counted_twice_is_a_problem() -> None:
    assert "app: 1 calls happened, 2 stored" in compare([_call()], [_row(20, ok=2)]).problems


def test_a_service_that_only_one_side_knows_is_a_problem() -> None:
    assert compare([], [_row(10, ok=1)]).problems
    assert compare([_call()], []).problems


def test_a_wrong_outcome_is_a_problem_though_the_sum_is_right() -> None:
    comparison = compare([_call(Outcome.TIMEOUT, None)], [_row(None, error=1)])
    assert set(comparison.problems) == {
        "app: 0 error happened, 1 stored",
        "app: 1 timeout happened, 0 stored",
    }


def test_tokens_that_differ_are_a_problem() -> None:
    assert "app: 10 input tokens happened, 11 stored" in compare([_call()], [_row(11, ok=1)]).problems


def test_a_refusal_stored_as_success_is_a_problem() -> None:
    comparison = compare([_call(Outcome.REFUSED), _call(Outcome.REFUSED)], [_row(20, ok=1, refused=1)])
    assert comparison.problems == ("app: 2 refused happened, 1 stored",)


def test_a_refusal_that_never_happened_is_a_problem() -> None:
    assert compare([_call()], [_row(10, refused=1)]).problems == ("app: 0 refused happened, 1 stored",)


def test_an_outcome_that_the_provider_never_gives_is_a_problem() -> None:
    assert compare([_call()], [_row(10, empty=1)]).problems == ("app: 1 empty, which never happened",)
