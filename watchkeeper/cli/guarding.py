"""Who may come in, from settings and the table of keys: the same for the API, the receivers and the gateway."""

import contextlib
from collections.abc import Iterator

from api.access import Scope
from api.auth import Access, Authenticator
from api.bounds import Bounds
from api.walls.access import AccessRates
from api.walls.rate import Rate
from api.walls.stack import Walls
from api.walls.time import TimeLimits
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError, StoreUnavailable
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing
from watchkeeper.storage.query_limits import QueryLimits
from watchkeeper.streams.otlp_auth import Admit
from watchkeeper.streams.otlp_config import is_loopback

_BURST_S = 4.0
"""A key that was silent may send so many seconds' worth of requests at once."""
_FOR_THE_ANSWER_S = 5.0
"""Of the time for a request, what is left when its query is ended."""


def is_guarded(settings: Settings) -> bool:
    """Does everybody need a key or a token, this machine included?"""
    return settings.auth == "required" or bool(settings.tokens) or not is_loopback(settings.host)


@contextlib.contextmanager
def key_ring(settings: Settings, store: Store, clock: Clock) -> Iterator[KeyRing]:
    """The live keys. Raises :class:`ConfigError` where nobody could come in: guarded, and neither tokens nor keys."""
    ring = KeyRing(store, clock)
    ring.start()
    try:
        _check_somebody_may_come(settings, ring)
        yield ring
    finally:
        ring.stop()


def access(settings: Settings, ring: KeyRing, own_secret: str = "") -> Access:
    """What the API is guarded by; ``own_secret`` is of the commands on the same data directory."""
    return Access(settings.tokens, ring, guarded=is_guarded(settings), own_secret=own_secret)


def admit(settings: Settings, ring: KeyRing) -> Admit | None:
    """What the receivers ask about a key; None where they ask nobody."""
    if not is_guarded(settings):
        return None
    authenticator = Authenticator(Access(keys=ring, guarded=True))

    def may_send(authorization: bytes) -> bool:
        caller = authenticator.identify({b"authorization": authorization})
        return caller is not None and caller.may(Scope.INGEST)

    return may_send


def walls(settings: Settings) -> Walls:
    """How often, how long and how much somebody may ask."""
    per_s, failures = settings.api_rate_per_s, settings.api_failures_per_minute
    return Walls(
        rates=AccessRates(Rate(per_s, max(1.0, _BURST_S * per_s)), Rate(failures / 60, failures)),
        times=TimeLimits(settings.api_timeout_s, settings.api_write_timeout_s),
        max_body_bytes=settings.api_max_body_bytes,
    )


def bounds(settings: Settings) -> Bounds:
    """How much one question may ask for."""
    return Bounds(settings.api_max_days, settings.api_max_groups, settings.api_max_rows)


def query_limits(settings: Settings) -> QueryLimits:
    """What one query may cost: it ends before its request does."""
    seconds = max(settings.api_timeout_s / 2, settings.api_timeout_s - _FOR_THE_ANSWER_S)
    return QueryLimits(seconds=seconds, memory_bytes=settings.api_query_memory_bytes)


def _check_somebody_may_come(settings: Settings, ring: KeyRing) -> None:
    if settings.tokens or not is_guarded(settings):
        return
    # A store that does not answer says nothing of keys: the doors stay shut until it does.
    with contextlib.suppress(StoreUnavailable):
        if ring.is_empty():
            where = settings.host if not is_loopback(settings.host) else "WATCHKEEPER_AUTH=required"
            raise ConfigError(
                f"nobody could come in: {where} needs a key or a token. Create a key with 'watchkeeper keys create "
                "NAME --scope read' (--scope ingest for applications), or set WATCHKEEPER_TOKENS, or bind to 127.0.0.1"
            )
