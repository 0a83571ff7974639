"""The store for one command: our own handle, or the API of the ``up`` that holds the directory."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from watchkeeper.cli import wiring
from watchkeeper.cli.running_address import Address, running_address
from watchkeeper.errors import WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store

_TIMEOUT_S = 120.0
_THERE_S = 5.0
"""Longest wait for a process on this machine to say that it lives."""


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

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer of another method, None where there is none. Raises as :meth:`get` does."""
        response = self.client.request(method, path, json=body)
        return _answer(response) if response.status_code != httpx.codes.NO_CONTENT else None

    def put(self, path: str, body: Any, headers: Mapping[str, str], **query: Any) -> Any:
        """The JSON answer to a PUT with conditions in ``headers``. Raises as :meth:`get` does."""
        return _answer(self.client.put(path, json=body, headers=headers, params=query))

    def changed(self, path: str, tag: str, **query: Any) -> httpx.Response | None:
        """The answer, with its ETag; None where it is still that of ``tag``. Raises as :meth:`get` does."""
        response = self.client.get(path, params=query, headers={"If-None-Match": tag} if tag else {})
        return _successful(response) if response.status_code != httpx.codes.NOT_MODIFIED else None

    def table(self, path: str, media_type: str, **query: Any) -> httpx.Response:
        """The answer as a table of ``media_type``. Raises as :meth:`get` does."""
        return _successful(self.client.get(path, params=query, headers={"Accept": media_type}))

    @contextlib.contextmanager
    def download(self, path: str, media_type: str, **query: Any) -> Iterator[Iterator[bytes]]:
        """The answer as it comes, in pieces. Raises as :meth:`get` does."""
        with self.client.stream("GET", path, params=query, headers={"Accept": media_type}) as response:
            if not response.is_success:
                response.read()
            yield _successful(response).iter_bytes()

    def upload(self, path: str, content: bytes, media_types: tuple[str, str], **query: Any) -> httpx.Response:
        """The answer to ``content``, by the media types that are sent and wanted. Raises as :meth:`get` does."""
        sent, wanted = media_types
        headers = {"Content-Type": sent, "Accept": wanted}
        return _successful(self.client.post(path, content=content, params=query, headers=headers))


def _answer(response: httpx.Response) -> Any:
    return _successful(response).json()


def _successful(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    with contextlib.suppress(ValueError, KeyError):
        problem = response.json()
        raise WatchkeeperError(f"{problem['title']}: {problem['detail']}")
    raise WatchkeeperError(f"the API answered {response.status_code}: {response.text[:500]}")


@contextlib.contextmanager
def store_or_api(settings: Settings) -> Iterator[Store | Remote]:
    """The store, opened and migrated; the API instead where another process holds the data directory.

    That process is asked first: an engine that finds its directory held says so on standard error by itself.
    """
    address = running_address(settings.data_dir) if settings.store == "chdb" else None
    if address is not None and _answers(address):
        with remote(settings, address) as running:
            yield running
        return
    with contextlib.closing(Store.open(wiring.store_config(settings))) as store:
        wiring.migrate(store, settings)
        yield store


def _answers(address: Address) -> bool:
    """Is anybody there? A process that was killed leaves its address behind."""
    try:
        httpx.get(f"{address.api}/healthz", timeout=_THERE_S, trust_env=False, verify=False)
    except httpx.HTTPError:
        return False
    return True


@contextlib.contextmanager
def remote(settings: Settings, address: Address, *, verify: bool = False) -> Iterator[Remote]:
    """The API at ``address``, asked with ``WATCHKEEPER_API_KEY``, else our first token.

    Its certificate is checked where ``verify`` says so: a self-signed one of our own process on our own machine is what
    TLS on ``up`` usually is.
    """
    key = settings.api_key.get_secret_value() or address.secret or next(iter(settings.tokens), "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(
        base_url=address.api, headers=headers, timeout=_TIMEOUT_S, trust_env=False, verify=verify
    ) as http:
        try:
            yield Remote(http)
        except httpx.HTTPError as error:
            raise WatchkeeperError(f"the process at {address.api} does not answer: {type(error).__name__}") from None
