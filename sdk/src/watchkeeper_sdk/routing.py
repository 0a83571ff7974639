"""Which model a call is to use: ``route(name, default)`` follows the weights that Watchkeeper has for the route.

Picking is a look into memory. A thread of our own keeps the weights of all routes fresh; while the API is away those
known last are used, else the application's default.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watchkeeper_sdk._safety import Misuse, guarded, say
from watchkeeper_sdk.routing_cache import RouteCache
from watchkeeper_sdk.routing_fetch import RouteApi
from watchkeeper_sdk.routing_following import Follower, FollowTimes
from watchkeeper_sdk.routing_weights import Pick

__all__ = ["Pick", "configure_routes", "route"]

FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 10.0

_dice = random.Random()
"""Of our own: an application's seed must neither fix it nor be disturbed."""
_follower: Follower | None = None
_first_wait_s = FIRST_WAIT_S
_beginning = threading.RLock()
"""Reentrant: garbage collection and signal handlers may come back here on the thread that holds it."""


def route(name: str, default: str = "", *, provider: str = "", key: object = None) -> Pick:
    """The model that a call on the route ``name`` is to use, by the route's weights.

    ``default`` (of ``provider``) is used until weights are known, and where the route has none. The same ``key``, of a
    user or conversation, keeps its model as long as the weights allow; it does not leave the process. Never raises. The
    first pick of a process waits up to 0.2 s (``WATCHKEEPER_ROUTES_WAIT_S``) for the API, in an event loop not at all;
    later ones never wait.
    """
    picked: Pick | None = _picked(name, key)
    return (
        picked if picked is not None else Pick(name if isinstance(name, str) else "", provider, default, "primary", {})
    )


@guarded
def configure_routes(
    api: str | None = None,
    *,
    api_key: str | None = None,
    cache: str | os.PathLike[str] | None = None,
    first_wait_s: float | None = None,
    times: FollowTimes | None = None,
) -> None:
    """Follow the routes of this API from now on; what is not given is read from the environment.

    ``WATCHKEEPER_API_URL``, ``WATCHKEEPER_API_KEY``, ``WATCHKEEPER_ROUTES_CACHE`` (a file that keeps the weights for
    the next start) and ``WATCHKEEPER_ROUTES_WAIT_S``. Without a call of this the first pick reads them. A wrong value
    is logged, and as if not given.
    """
    global _follower, _first_wait_s
    url = _given(api, "API_URL")
    where = RouteApi(url, _given(api_key, "API_KEY").strip()) if _checked_address(url) else None
    file = os.fspath(cache) if cache is not None else _given(None, "ROUTES_CACHE")
    kept = RouteCache(Path(file), where.shown) if file and where is not None else None
    seconds = _checked_seconds(first_wait_s)
    _first_wait_s = seconds if seconds is not None else FIRST_WAIT_S
    before, _follower = _follower, Follower(where, kept, times)
    if before is not None:
        before.stop()


@guarded
def _picked(name: str, key: object) -> Pick | None:
    follower = _follower
    if follower is None or not follower.is_started:
        follower = _begun()
    weighted = follower.routes.get(name)
    if weighted is None:
        if not _in_event_loop():
            follower.wait_for_first(_first_wait_s)
        weighted = follower.routes.get(name)
    return weighted.pick(key, _dice.random) if weighted is not None else None


def _begun() -> Follower:
    global _follower
    # Of threads whose first picks come at once, one begins: the others would stop what it began.
    with _beginning:
        if _follower is None:
            configure_routes()
        follower = _follower
        if follower is None:
            follower = _follower = Follower(None)
        follower.start()
    return follower


def _given(value: str | None, name: str) -> str:
    return value if value is not None else os.environ.get(f"WATCHKEEPER_{name}", "")


@guarded
def _checked_address(url: str) -> bool:
    """Is there an API? None for an address that is none."""
    if not url:
        nowhere = "watchkeeper_sdk: route() gives its defaults: WATCHKEEPER_API_URL is not set"
        say("routes-nowhere", nowhere, level=logging.INFO)
        return False
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise Misuse("the address of the API (WATCHKEEPER_API_URL) must begin with http:// or https:// and name a host")
    return True


@guarded
def _checked_seconds(value: float | None) -> float | None:
    """The first wait; None for one that is none."""
    text = value if value is not None else os.environ.get("WATCHKEEPER_ROUTES_WAIT_S") or FIRST_WAIT_S
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.0 <= seconds <= _LONGEST_WAIT_S:
        raise Misuse(f"first_wait_s (WATCHKEEPER_ROUTES_WAIT_S) must be from 0 to {_LONGEST_WAIT_S:g} seconds")
    return seconds


def _in_event_loop() -> bool:
    """Waiting there would hold up everything else."""
    asyncio: Any = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def _after_fork_in_child() -> None:
    global _dice, _beginning
    # Copies of one generator would pick alike in all children; another thread may have held the lock.
    _dice, _beginning = random.Random(), threading.RLock()
    if _follower is not None:
        _follower.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
