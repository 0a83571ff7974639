"""What the OTLP receivers are told at start, and whether it makes sense."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from watchkeeper.errors import ConfigError
from watchkeeper.streams.otlp_auth import Admit


@dataclass(frozen=True, slots=True)
class ReceiverConfig:
    """Addresses, bounds, tokens and TLS files of both receivers.

    Port 0 takes any free one. Raises :class:`ConfigError` for what cannot work or would not be safe.
    """

    host: str = "127.0.0.1"
    http_port: int = 4318
    grpc_port: int = 4317
    tokens: tuple[str, ...] = field(default=(), repr=False)
    admit: Admit | None = None
    """Lets clients in that have a key."""
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    max_request_bytes: int = 16 * 2**20
    """Largest request after decompression; larger ones are refused for good."""
    receiving_max_bytes: int = 64 * 2**20
    """Most bytes of HTTP bodies held while they are still arriving, all clients together."""
    request_timeout_s: float = 30.0
    """Longest wait of a client for its answer."""
    receive_timeout_s: float = 30.0
    """Longest time a client may take to send one request."""
    max_connections: int = 1_000
    """Most HTTP connections, and most gRPC requests in work, at one time."""

    def __post_init__(self) -> None:
        self._check_exposure()
        self._check_tls()

    def tls_bytes(self) -> tuple[bytes, bytes] | None:
        """PEM private key and certificate chain, or None without TLS."""
        if self.tls_cert_file is None or self.tls_key_file is None:
            return None
        return self.tls_key_file.read_bytes(), self.tls_cert_file.read_bytes()

    def _check_exposure(self) -> None:
        if not self.tokens and self.admit is None and not is_loopback(self.host):
            raise ConfigError(
                f"the OTLP receivers would take data from anyone at {self.host}: set WATCHKEEPER_TOKENS "
                "to one or more bearer tokens, or WATCHKEEPER_STORE=clickhouse and create keys there with "
                "'watchkeeper keys create NAME --scope ingest', or bind to 127.0.0.1"
            )

    def _check_tls(self) -> None:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ConfigError(
                "TLS needs both files: set WATCHKEEPER_TLS_CERT_FILE and WATCHKEEPER_TLS_KEY_FILE, or neither"
            )
        if self.tls_cert_file is None or self.tls_key_file is None:
            return
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.tls_cert_file, self.tls_key_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"TLS files {self.tls_cert_file} and {self.tls_key_file} cannot be used ({error}): "
                "both must be readable PEM files that belong together"
            ) from None


def is_loopback(host: str) -> bool:
    """Can only this machine reach ``host``?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def port_in_use(protocol: str, host: str, port: int, setting: str) -> ConfigError:
    """The error for an address that cannot be bound."""
    return ConfigError(
        f"cannot listen for {protocol} on {host} port {port}: another process uses the port, or {host} is "
        f"not an address of this machine; stop the other process, or set {setting} to a free port (0: any)"
    )
