"""Who may send: tokens, keys, both, or everybody."""

import pytest

from watchkeeper.errors import ConfigError, StoreUnavailable
from watchkeeper.streams.otlp_auth import Doors
from watchkeeper.streams.otlp_config import ReceiverConfig


def admit(authorization: bytes) -> bool:
    return authorization == b"Bearer wk_key"


def away(_: bytes) -> bool:
    raise StoreUnavailable("the keys cannot be checked")


@pytest.mark.parametrize("header", [b"Bearer one", b"bearer two", b"Bearer wk_key"])
def test_tokens_and_keys_open(header: bytes) -> None:
    assert Doors(("one", "two"), admit).refusal(header) is None


@pytest.mark.parametrize("header", [b"", b"Bearer", b"Bearer three", b"Basic one", b"Bearer wk_other", b"\xff"])
@pytest.mark.parametrize("tokens", [(), ("one", "two")], ids=["keys", "both"])
def test_anything_else_does_not(header: bytes, tokens: tuple[str, ...]) -> None:
    failure = Doors(tokens, admit).refusal(header)
    assert failure is not None
    assert (failure.http_status, failure.retry_after_s) == (401, 0)
    assert "watchkeeper keys create" in failure.message


def test_without_tokens_and_keys_everyone_may_come() -> None:
    assert Doors((), None).refusal(b"") is None


def test_a_key_that_cannot_be_checked_now_is_asked_for_again_so_that_nothing_is_lost() -> None:
    doors = Doors(("one",), away)
    assert doors.refusal(b"Bearer one") is None
    failure = doors.refusal(b"Bearer wk_key")
    assert failure is not None and failure.http_status == 503 and failure.retry_after_s > 0


def test_beyond_loopback_the_receivers_need_tokens_or_keys() -> None:
    assert ReceiverConfig(host="0.0.0.0", admit=admit).admit is admit
    with pytest.raises(ConfigError, match="watchkeeper keys create NAME --scope ingest"):
        ReceiverConfig(host="0.0.0.0")
