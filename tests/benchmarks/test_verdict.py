import pytest

from benchmarks.verdict import Verdict, conclude

CLAIM = Verdict("start", "within 5 s", "3.2 s", holds=True)


def test_a_line_is_read_back_and_others_are_not_verdicts() -> None:
    assert Verdict.read(CLAIM.line() + "\n") == CLAIM
    assert Verdict.read("round 1: a | b") is None
    assert Verdict.read("") is None


@pytest.mark.parametrize(("holds", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_says_whether_the_claim_holds(holds: bool, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        conclude(Verdict("crash", "equal", "equal", holds))
    assert ended.value.code == code
    assert capsys.readouterr().out.startswith("holds" if holds else "FAILS")
