"""Decompression stops at its limit and never raises anything but a refusal."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.streams import otlp_inflate
from watchkeeper.streams.otlp_failure import Refused
from watchkeeper.streams.otlp_inflate import STEP_BYTES, Inflater

COMPRESS: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.compress,
    b"x-gzip": gzip.compress,
    b"deflate": zlib.compress,
}


@pytest.fixture(params=["fast", "standard library"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "standard library":
        monkeypatch.setattr(otlp_inflate, "_new_decompressor", zlib.decompressobj)


def inflate(inflater: Inflater, compressed: bytes, chunk: int = 65_536) -> bytes:
    pieces = []
    for start in range(0, len(compressed), chunk):
        pieces += list(inflater.feed(compressed[start : start + chunk]))
    inflater.finish()
    return b"".join(pieces)


@pytest.mark.parametrize("encoding", COMPRESS)
@pytest.mark.parametrize("size", [0, 1, 1_000, STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 5 * STEP_BYTES + 7])
def test_bodies_of_all_sizes_come_back(engine: None, encoding: bytes, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    inflated = inflate(Inflater(encoding, 8 * STEP_BYTES), COMPRESS[encoding](body[:size]))
    assert inflated == body[:size]


@pytest.mark.property
@given(st.lists(st.binary(max_size=2_000), max_size=4), st.integers(1, 300), st.integers(0, 9))
def test_any_members_in_any_chunks_come_back(members: list[bytes], chunk: int, level: int) -> None:
    compressed = b"".join(gzip.compress(member, level) for member in members)
    assert inflate(Inflater(b"gzip", 10_000), compressed, chunk) == b"".join(members)


@pytest.mark.property
@given(st.binary(max_size=500), st.sampled_from(sorted(COMPRESS)))
def test_garbage_is_refused_and_nothing_else(garbage: bytes, encoding: bytes) -> None:
    try:
        inflate(Inflater(encoding, 1_000), garbage)
    except Refused as refused:
        assert refused.failure.http_status in (400, 413)


def test_a_bomb_stops_at_the_limit(engine: None) -> None:
    bomb = gzip.compress(bytes(64 * STEP_BYTES))
    inflater = Inflater(b"gzip", 2 * STEP_BYTES)
    inflated = 0
    with pytest.raises(Refused) as refused:
        for piece in inflater.feed(bomb):
            inflated += len(piece)
    assert refused.value.failure.http_status == 413
    assert inflated <= 2 * STEP_BYTES


def test_the_limit_itself_is_allowed(engine: None) -> None:
    assert inflate(Inflater(b"gzip", 1_000), gzip.compress(bytes(1_000))) == bytes(1_000)
    with pytest.raises(Refused):
        inflate(Inflater(b"gzip", 999), gzip.compress(bytes(1_000)))


def test_a_body_that_ends_too_early_is_malformed(engine: None) -> None:
    with pytest.raises(Refused) as refused:
        inflate(Inflater(b"gzip", 1_000), gzip.compress(bytes(900))[:-3])
    assert refused.value.failure.http_status == 400
