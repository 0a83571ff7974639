"""What cannot work or is not safe is refused at start, with the mend."""

import socket
from pathlib import Path

import pytest

from tests.watchkeeper.streams.otlp_fakes import FakeSink
from watchkeeper.errors import ConfigError
from watchkeeper.streams.otlp_config import ReceiverConfig, is_loopback
from watchkeeper.streams.otlp_receivers import OtlpReceivers


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "collector.example", ""])
def test_beyond_loopback_needs_tokens(host: str) -> None:
    with pytest.raises(ConfigError, match="WATCHKEEPER_TOKENS"):
        ReceiverConfig(host=host)
    assert ReceiverConfig(host=host, tokens=("token",)).tokens


def test_tokens_do_not_show_in_the_representation() -> None:
    assert "s3cret" not in repr(ReceiverConfig(tokens=("s3cret",)))


def test_tls_needs_both_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="WATCHKEEPER_TLS_KEY_FILE"):
        ReceiverConfig(tls_cert_file=tmp_path / "cert.pem")


def test_tls_files_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    with pytest.raises(ConfigError, match=r"cert\.pem"):
        ReceiverConfig(tls_cert_file=cert, tls_key_file=key)
    cert.write_text("no certificate")
    key.write_text("no key")
    with pytest.raises(ConfigError, match="PEM"):
        ReceiverConfig(tls_cert_file=cert, tls_key_file=key)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_port_in_use_is_named_with_the_setting_to_change(protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"http_port": 0, "grpc_port": 0, f"{protocol}_port": port}
        receivers = OtlpReceivers(ReceiverConfig(**ports), FakeSink())
        with pytest.raises(ConfigError, match=f"port {port}.*WATCHKEEPER_OTLP_{protocol.upper()}_PORT"):
            receivers.start()
        assert not receivers.is_running
        receivers.stop(0)


def test_a_host_that_is_not_ours_is_named() -> None:
    receivers = OtlpReceivers(ReceiverConfig(host="192.0.2.1", tokens=("token",)), FakeSink())
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1"):
        receivers.start()
