"""Decompression in steps of bounded size: a small body that inflates to gigabytes stops at the limit."""

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol, cast

from watchkeeper.streams.otlp_failure import Refused, malformed, too_large

try:  # the same interface, a third of the CPU time
    from isal import isal_zlib
except ImportError:
    _new_decompressor: Callable[[int], object] = zlib.decompressobj
    _ERRORS: tuple[type[Exception], ...] = (zlib.error,)
else:
    _new_decompressor = isal_zlib.decompressobj
    _ERRORS = (zlib.error, cast(type[Exception], isal_zlib.IsalError))

STEP_BYTES = 2**20
"""Most bytes inflated at a time, so that the event loop can serve others in between."""
WINDOW_BITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
"""Content encodings we read, and what zlib calls them."""


class _Decompressor(Protocol):
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Inflater:
    """Inflates one body, fed piece by piece, up to ``max_bytes`` in total."""

    def __init__(self, encoding: bytes, max_bytes: int) -> None:
        self._window_bits = WINDOW_BITS[encoding]
        self._max_bytes = max_bytes
        self._room = max_bytes
        self._stream = self._new_stream()
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The inflated pieces of ``data``; raises :class:`Refused` for broken or too much data."""
        more = bool(data)
        while more:
            if self._stream.eof:  # gzip allows several members one after another
                self._stream = self._new_stream()
            step = min(STEP_BYTES, self._room + 1)
            piece = self._inflate(data, step)
            self._room -= len(piece)
            if self._room < 0:
                raise Refused(too_large(self._max_bytes))
            yield piece
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            # A full step may have left output inside the stream although all input is consumed.
            more = bool(data) or (len(piece) == step and not self._stream.eof)

    def finish(self) -> None:
        """The body has ended; raises :class:`Refused` where its compressed data has not."""
        if self._started and not self._stream.eof:
            raise Refused(malformed("the compressed body ends too early"))

    def _new_stream(self) -> _Decompressor:
        return cast(_Decompressor, _new_decompressor(self._window_bits))

    def _inflate(self, data: bytes, step: int) -> bytes:
        self._started = True
        try:
            return self._stream.decompress(data, step)
        except _ERRORS:
            raise Refused(malformed("the body is not what its Content-Encoding says")) from None
