"""One question to the API for the weights of all routes, with nothing but the standard library."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPResponse
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

_MOST_BYTES = 16 * 2**20
_PATIENCE_S = 10.0
"""For connecting, and beyond the time that the API was asked to wait."""


@dataclass(frozen=True)
class RouteApi:
    """Where the weights are."""

    url: str
    """Base address, ``http(s)://…``."""
    key: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """The address without credentials, for logs."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(frozen=True)
class Fetched:
    """What the API answered."""

    status: int
    tag: str
    body: bytes
    retry_after_s: float


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A redirect would take the key to somebody else: it is an answer like any other that is no 200."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """None: do not go there."""


def fetch(api: RouteApi, tag: str, wait_s: float) -> Fetched:
    """Ask once; with ``tag`` the API waits up to ``wait_s`` for a change. Raises :class:`OSError` and its kin."""
    query = urlencode({"observed": "false", "limit": 10_000, "wait": f"{wait_s:g}"})
    headers = {"Accept": "application/json", "User-Agent": "watchkeeper-sdk"}
    if api.key:
        headers["Authorization"] = f"Bearer {api.key}"
    if tag:
        headers["If-None-Match"] = tag
    request = urllib.request.Request(f"{api.url.rstrip('/')}/v1/routes?{query}", headers=headers)
    try:
        with urllib.request.build_opener(_StayHere).open(request, timeout=wait_s + _PATIENCE_S) as answer:
            return _read(answer)
    except HTTPError as answer:
        with answer:
            return _read(answer)


def _read(answer: HTTPResponse | HTTPError) -> Fetched:
    body = answer.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        raise OSError("the answer is too large")
    retry = answer.headers.get("Retry-After", "")
    return Fetched(answer.status or 0, answer.headers.get("ETag", ""), body, float(retry) if retry.isdigit() else 0.0)
