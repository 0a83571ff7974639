"""Which API answers a command: one over HTTP, or the very same application inside this process."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from api.app import ApiParts, create_app
from api.auth import Access
from watchkeeper.cli.access import Remote, remote, store_or_api
from watchkeeper.cli.asking import Views
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.cli.late import Late
from watchkeeper.cli.repricing import reprice_with
from watchkeeper.cli.route_needs import requirements_of
from watchkeeper.cli.running_address import Address
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.streams.otlp_config import is_loopback
from watchkeeper.telemetry import Metrics

if TYPE_CHECKING:
    from watchkeeper.cli import alert_engine
else:
    alert_engine = Late("watchkeeper.cli.alert_engine")


@contextlib.contextmanager
def api(settings: Settings, url: str = "", views: "Views | None" = None, *, alerts: bool = False) -> Iterator[Remote]:
    """The API to ask; see :mod:`watchkeeper.cli.asking`.

    Raises :class:`~watchkeeper.errors.WatchkeeperError` where none answers.
    """
    if chosen := url or settings.api_url:
        address = _checked(chosen)
        with remote(settings, Address(address, "", "", 0), verify=not is_loopback(_host(address))) as far:
            yield far
        return
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            yield access
            return
        inside = InProcess(settings, access, views, alerts=alerts)
        with httpx.Client(transport=inside, base_url="http://localhost") as client:
            yield Remote(client)


def _checked(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"--api (or WATCHKEEPER_API_URL) is {url!r}: it begins with http:// or https://")
    return url.rstrip("/")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


class InProcess(httpx.BaseTransport):
    """Requests answered by our own application over ``store``: what a command prints cannot differ from the API."""

    def __init__(self, settings: Settings, store: Store, views: "Views | None" = None, *, alerts: bool = False) -> None:
        clock, self._secret = SystemClock(), secrets.token_urlsafe(32)
        parts = ApiParts(
            store,
            Metrics(),
            clock,
            checks=dict,
            reprice=reprice_with(store, settings, clock),
            catalog=catalog_parts(settings, clock),
            requirements=requirements_of(settings),
            access=Access(own_secret=self._secret),
            detectors=views(settings, store) if views else None,
            alerts=alert_engine.StoreAlertEngine(settings, store, clock) if alerts else None,
        )
        self._app = httpx.ASGITransport(create_app(parts), raise_app_exceptions=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Run the application for one request, as from a command of ours."""
        request.headers["Authorization"] = f"Bearer {self._secret}"
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())
