"""POST to an address that was checked, within a deadline, without following redirects."""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from alerts.sending import Undelivered
from alerts.target_guard import TargetGuard

_MOST_ANSWER = 64 * 1024
_REJECTED = (400, 404, 410, 413, 415, 422)
"""What a repetition of the same bytes does not mend."""
_LONGEST_RETRY_AFTER_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Post:
    """One request."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str]


class HttpPost:
    """Requests over pinned addresses. The environment's proxies and credentials are not used."""

    def __init__(
        self,
        guard: TargetGuard,
        *,
        timeout_s: float = 10.0,
        verify: ssl.SSLContext | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard, self._timeout_s, self._timer = guard, timeout_s, timer
        self._client = httpx.Client(
            timeout=timeout_s, follow_redirects=False, trust_env=False, verify=verify if verify is not None else True
        )

    def send(self, post: Post) -> None:
        """Return once the receiver answered 2xx. Raises :class:`Undelivered`, whose text holds no path or query."""
        url = httpx.URL(post.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        address = self._guard.address(url.host, port)
        headers = {**post.headers, "Host": url.netloc.decode(), "User-Agent": "watchkeeper"}
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address, userinfo=b""),
            content=post.body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        )
        try:
            self._judge(url.host, self._answer(request))
        except httpx.HTTPError as error:
            raise Undelivered(f"{url.host} did not answer: {type(error).__name__}") from None

    def close(self) -> None:
        """Safe to call twice."""
        self._client.close()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """Status and headers; of the body so much as lets the connection be used again."""
        deadline, read = self._timer() + self._timeout_s, 0
        response = self._client.send(request, stream=True)
        try:
            for part in response.iter_raw():
                read += len(part)
                if read > _MOST_ANSWER or self._timer() > deadline:
                    break
        finally:
            response.close()
        return response

    def _judge(self, host: str, response: httpx.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        if response.is_redirect:
            raise Undelivered(f"{host} answered {status}, a redirect, which is not followed: set the address it is at")
        reason = f"{host} answered {status}"
        raise Undelivered(reason, rejected=status in _REJECTED, retry_after_s=_retry_after(response))


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_RETRY_AFTER_S) if text.isdecimal() else None


def checked_url(url: str) -> str:
    """``url``, if it is one of HTTP. Raises :class:`ValueError`, whose text does not show it."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise ValueError("it is no address: write https://…") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("it is no address: it begins with https:// (or http:// within your own network)")
    return url
