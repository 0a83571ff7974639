"""The store for one command: our own handle, or the API of the ``up`` that holds the directory."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from watchkeeper.cli import wiring
from watchkeeper.cli.up import Address, running_address
from watchkeeper.errors import StoreLocked, WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store

_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Remote:
    """The API of a running process."""

    client: httpx.Client

    def get(self, path: str, **query: Any) -> Any:
        """The JSON answer. Raises :class:`WatchkeeperError` with what the API says is wrong."""
        return _answer(self.client.get(path, params=query))

    def post(self, path: str, body: Any) -> Any:
        """The JSON answer. Raises as :meth:`get` does."""
        return _answer(self.client.post(path, json=body))


def _answer(response: httpx.Response) -> Any:
    if response.is_success:
        return response.json()
    with contextlib.suppress(ValueError, KeyError):
        problem = response.json()
        raise WatchkeeperError(f"{problem['title']}: {problem['detail']}")
    raise WatchkeeperError(f"the API answered {response.status_code}: {response.text[:500]}")


@contextlib.contextmanager
def store_or_api(settings: Settings) -> Iterator[Store | Remote]:
    """The store, opened and migrated; the API instead where another process holds the data directory."""
    try:
        store = Store.open(wiring.store_config(settings))
    except StoreLocked:
        address = running_address(settings.data_dir)
        if address is None:
            raise
        with remote(settings, address) as running:
            yield running
        return
    with contextlib.closing(store):
        wiring.migrate(store, settings)
        yield store


@contextlib.contextmanager
def remote(settings: Settings, address: Address) -> Iterator[Remote]:
    """The API at ``address``, with our first token."""
    headers = {"Authorization": f"Bearer {settings.tokens[0]}"} if settings.tokens else {}
    # A self-signed certificate of our own process on our own machine is what TLS on `up` usually is.
    with httpx.Client(base_url=address.api, headers=headers, timeout=_TIMEOUT_S, trust_env=False, verify=False) as http:
        try:
            yield Remote(http)
        except httpx.HTTPError as error:
            raise WatchkeeperError(f"the process at {address.api} does not answer: {type(error).__name__}") from None
