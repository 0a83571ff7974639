"""The tree of errors: each a signal with one meaning."""

import pytest

from watchkeeper import errors
from watchkeeper.errors import BadMessage, PartitionLost, StoreUnavailable, Transient, WatchkeeperError

ALL = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]


@pytest.mark.parametrize("error", ALL)
def test_every_error_is_ours_described_and_named_in_the_tree(error: type[Exception]) -> None:
    assert issubclass(error, WatchkeeperError)
    assert error.__doc__
    assert error is WatchkeeperError or f"── {error.__name__}" in str(errors.__doc__)


def test_only_what_may_pass_by_itself_is_tried_again() -> None:
    assert [error for error in ALL if issubclass(error, Transient)] == [Transient, StoreUnavailable]
    assert not issubclass(PartitionLost, Transient)


def test_a_bad_message_has_a_reason_and_perhaps_more() -> None:
    assert str(BadMessage("malformed_json")) == "malformed_json"
    assert str(BadMessage("malformed_json", "line 3")) == "malformed_json: line 3"
    assert (BadMessage("a", "b").reason, BadMessage("a", "b").detail) == ("a", "b")
