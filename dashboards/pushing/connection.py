"""A Grafana over its HTTP API, its failures as sentences of ours."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import SplitResult, urlsplit

from dashboards.pushing.refusal import NOT_FOUND, GrafanaRefused
from watchkeeper.errors import ConfigError, Transient

try:
    from grafana_client.api import GrafanaApi
    from grafana_client.client import GrafanaException, GrafanaTimeoutError
except ModuleNotFoundError as missing:
    raise ConfigError("grafana-client is not installed: pip install 'watchkeeper[grafana]'") from missing

OLDEST = (10, 4)
"""Before it, alert rules cannot keep their state over an error."""
_SERVER_FAULT = 500
_HEADER_WORD = re.compile(r"[\x21-\x7e]+")
T = TypeVar("T")
Request = Callable[[Any], T]
"""Takes the :class:`GrafanaApi`, whose methods have no types."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where Grafana is and how to speak to it."""

    url: str
    token: str = field(repr=False)
    """Of a service account."""
    timeout_s: float = 10.0
    ca_file: Path | None = None
    """What its certificate is checked with; None: the machine's own authorities."""


@dataclass(frozen=True, slots=True)
class About:
    """Which Grafana answers."""

    version: str
    org_id: int
    organisation: str
    """Empty where the token may not read it."""


class Grafana:
    """Asks one Grafana. Raises :class:`ConfigError` where address, token or CA file cannot be right."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._api = _api(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._api.client.s.close()

    def ask(self, doing: str, request: Request[T]) -> T:
        """The answer to ``request``, which is to do ``doing``.

        Raises :class:`GrafanaRefused` for what it refused, :class:`Transient` where it did not answer or failed.
        """
        try:
            return request(self._api)
        except GrafanaTimeoutError:
            raise Transient(f"{self._where} did not answer within {self._connection.timeout_s:g} s") from None
        except GrafanaException as error:
            raise self._refused(doing, error) from None
        except OSError as error:
            raise Transient(f"{self._where} cannot be reached: {self._safe(_root(error))}") from None

    def find(self, doing: str, request: Request[T]) -> T | None:
        """The same, None where there is no such thing."""
        try:
            return self.ask(doing, request)
        except GrafanaRefused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise

    def about(self) -> About:
        """Version and organisation. Raises :class:`ConfigError` for what is no Grafana, or one too old."""
        answer = self.ask("tell its version", lambda api: api.client.GET("/frontend/settings"))
        build = answer.get("buildInfo") if isinstance(answer, dict) else None
        if not isinstance(build, dict) or "version" not in build:
            raise ConfigError(f"{self._where} is no Grafana: check WATCHKEEPER_GRAFANA_URL, its path too")
        version = str(build["version"])
        numbers = re.match(r"(\d+)\.(\d+)", version)
        if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
            raise ConfigError(f"{self._where} is of version {version}; Watchkeeper needs 10.4 or newer")
        org_id, organisation = self._organisation()
        return About(version, org_id, organisation)

    def _organisation(self) -> tuple[int, str]:
        try:
            answer: Any = self.ask("tell its organisation", lambda api: api.organization.get_current_organization())
        except GrafanaRefused as refused:
            if not refused.is_forbidden:
                raise
            return 1, ""
        return int(answer["id"]), str(answer["name"])

    @property
    def _where(self) -> str:
        return f"Grafana at {self._connection.url}"

    def _refused(self, doing: str, error: GrafanaException) -> Exception:
        status, said = int(error.status_code), error.response
        text = said.get("message", "") if isinstance(said, dict) else said or ""
        if status == 0 or status >= _SERVER_FAULT:
            return Transient(f"{self._where} failed to {doing} ({status}): {self._safe(str(text))}")
        return GrafanaRefused(status, doing, self._safe(str(text)))

    def _safe(self, text: str) -> str:
        """One line of it, without the token."""
        line = " ".join(text.replace(self._connection.token, "(token)").split())
        return line if len(line) <= _LONGEST else line[:_LONGEST] + " …"


_LONGEST = 300


def _root(error: BaseException) -> str:
    """What the innermost cause says: the HTTP library wraps it in sentences about its own objects."""
    while isinstance(inner := getattr(error, "reason", None) or next(iter(error.args), None), BaseException):
        error = inner
    return str(error).rpartition(">: ")[2]


def _address(url: str) -> tuple[SplitResult, str, int | None]:
    """Its parts, host and port."""
    shown = url.rpartition("@")[2]  # what stands before may be a password
    wrong = ConfigError(f"WATCHKEEPER_GRAFANA_URL {shown!r} is no address such as https://grafana.example")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong
    return parts, parts.hostname, port


def _api(connection: Connection) -> GrafanaApi:
    parts, host, port = _address(connection.url)
    if parts.username or parts.password:
        raise ConfigError("WATCHKEEPER_GRAFANA_URL has a user name in it; put a token into WATCHKEEPER_GRAFANA_TOKEN")
    if not connection.token:
        raise ConfigError("WATCHKEEPER_GRAFANA_TOKEN is empty; make a service account in Grafana and set its token")
    if not _HEADER_WORD.fullmatch(connection.token):
        # The HTTP library would say so in a sentence with the token in it.
        raise ConfigError(
            "WATCHKEEPER_GRAFANA_TOKEN holds a space, a line break or a letter that no token has; copy it again"
        )
    if connection.ca_file and not connection.ca_file.is_file():
        raise ConfigError(f"WATCHKEEPER_GRAFANA_CA_FILE {connection.ca_file} is no file")
    path = parts.path.strip("/")
    return GrafanaApi(
        auth=connection.token,
        host=f"[{host}]" if ":" in host else host,
        port=port,
        url_path_prefix=f"{path}/" if path else "",
        protocol=parts.scheme,
        verify=str(connection.ca_file) if connection.ca_file else True,
        timeout=connection.timeout_s,
        user_agent="watchkeeper",
    )
