"""The client library's producer as the exporter needs it: opened in time, let go without waiting, safe to fork."""

from __future__ import annotations

import codecs
import contextlib
import functools
import importlib
import inspect
import os
import selectors
import time
import warnings
from collections.abc import Callable
from typing import Any, Final

from watchkeeper_sdk._safety import say
from watchkeeper_sdk.kafka_config import KafkaConfig

_INSTALL: Final = "pip install 'watchkeeper-sdk[kafka]'"
_NEEDED: Final = {
    "kafka": "kafka-python",
    "opentelemetry.exporter.otlp.proto.common.trace_encoder": "opentelemetry-exporter-otlp-proto-common",
}
_LINGER_MS: Final = 20
_BATCH_BYTES: Final = 128 * 1024
_BOOTSTRAP_MAX_MS: Final = 5_000
_RECONNECT_MAX_MS: Final = 2_000
_DIRECT: Final = "watchkeeper-direct"
_GRACE_S: Final = 1.0
"""Longest wait for the client's thread to say goodbye to the brokers."""

_SELECTOR: Final = getattr(selectors, "PollSelector", selectors.DefaultSelector)
"""Not epoll: its set of sockets is shared with forked children, where a client that is cleaned up would empty it."""


class Producer:
    """A connected producer. Raises the client library's errors where it cannot connect in time.

    A failed attempt leaves no thread and no socket behind. :func:`load_libraries` comes first.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._client = _connected(_client_class(), producer_settings(config))
        # Unwrapped: what instrumentations of Kafka put around it would make a span for each message of spans.
        self._send: Callable[..., Any] = inspect.unwrap(type(self._client).send)

    def send(self, topic: str, key: bytes, value: bytes, deadline: float) -> Any:
        """Hand a message over; gives what :meth:`wait` takes.

        Raises the library's ``KafkaTimeoutError`` when the brokers do not say in time where the topic is.
        """
        self._client.work(lambda: bool(self._client.knows(topic)), deadline)
        return self._send(self._client, topic, value=value, key=key)

    def wait(self, sent: Any, deadline: float) -> Exception | None:
        """Null once the brokers have it, else why not, at the latest at ``deadline`` (monotonic clock)."""
        self._client.work(lambda: bool(sent.is_done), deadline)
        if sent.succeeded():
            return None
        try:
            sent.get(timeout=max(0.0, deadline - time.monotonic()))
        except Exception as error:  # noqa: BLE001  the caller decides
            return error
        return None

    def close(self, timeout_s: float) -> None:
        """Say goodbye to the brokers within ``timeout_s``, and let go all the same. Never raises."""
        with contextlib.suppress(Exception):  # messages still wait, or anything else: it is given up in any case
            self._client.close(timeout=max(0.0, min(timeout_s, _GRACE_S)))
        self.let_go()

    def let_go(self) -> None:
        """Stop its thread without waiting for it; what it holds is given up. Never raises, never blocks."""
        self._client.let_go()


def load_libraries() -> None:
    """Import what the extra brings. Raises :class:`ImportError` that says what to install.

    Not left to the first export: a fork while another thread imports leaves the child waiting for that import.
    """
    try:
        with warnings.catch_warnings():
            # Where warnings are errors, the client's own must not be in the way.
            warnings.simplefilter("ignore", DeprecationWarning)
            for module in _NEEDED:
                importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"the Kafka exporter needs {' and '.join(_NEEDED.values())}: {_INSTALL} ({error})") from error
    codecs.lookup("idna")  # which resolving a host's name would import
    _direct()


def thread_name(config: KafkaConfig) -> str:
    """What the client library calls its thread."""
    return f"{config.client_id}-network-thread"


def producer_settings(config: KafkaConfig) -> dict[str, Any]:
    """The client library's arguments: acknowledged by all in-sync replicas, in order, not repeated by its retries.

    Nothing in it waits or keeps a message longer than one export may take.
    """
    timeout_ms = int(config.timeout_s * 1000)
    return config.connection_settings() | {
        "acks": "all",
        "enable_idempotence": True,
        "compression_type": _compression(config.compression),
        "linger_ms": _LINGER_MS,
        "batch_size": _BATCH_BYTES,
        "max_request_size": config.max_message_bytes,
        "max_block_ms": timeout_ms // 2,
        "bootstrap_timeout_ms": min(timeout_ms // 2, _BOOTSTRAP_MAX_MS),
        "delivery_timeout_ms": timeout_ms,
        # Half of it, so that a request that got lost is sent once more before its messages are given up.
        "request_timeout_ms": (timeout_ms - _LINGER_MS) // 2,
        "reconnect_backoff_max_ms": _RECONNECT_MAX_MS,
        "metrics_enabled": False,
        "selector": _SELECTOR,
        "proxy_url": _direct(),
    }


def _connected(kind: Callable[..., Any], settings: dict[str, Any]) -> Any:
    from kafka.net.compat import KafkaNetClient  # noqa: PLC0415  an extra

    made: list[Any] = []

    def client(**given: Any) -> Any:
        made.append(KafkaNetClient(**given))
        return made[-1]

    try:
        return kind(**settings, kafka_client=client)
    except BaseException:
        for one in made:  # the library leaves its sockets open when it cannot connect
            one.close()
        raise


@functools.cache
def _client_class() -> type[Any]:
    from kafka import KafkaProducer  # noqa: PLC0415  an extra

    class Client(KafkaProducer):  # type: ignore[misc]  # the library has no types
        """Everything that is done with names the library does not promise to keep."""

        def __init__(self, **settings: Any) -> None:
            self._process = os.getpid()
            self._has_thread = True
            try:
                super().__init__(**settings)
            except RuntimeError:
                # No thread can be started, as at the end of a process on Python 3.12. Whoever waits does its work.
                if getattr(self, "_sender", None) is None:
                    raise
                self._has_thread = False
                self._closed = False
            # Its handler at exit would close it before the last spans are flushed, and wait for absent brokers.
            getattr(self, "_unregister_cleanup", _nothing)()

        def __del__(self) -> None:
            # The library's would wait, and in a forked child write to the parent's sockets.
            if self._process == os.getpid():
                self.let_go()

        def knows(self, topic: str) -> bool:
            if self._metadata.partitions_for_topic(topic) is not None:
                return True
            self._sender.add_topic(topic)
            return False

        def work(self, is_done: Callable[[], bool], deadline: float) -> None:
            while not self._has_thread and not is_done() and time.monotonic() < deadline:
                self._sender.run_once()

        def let_go(self) -> None:
            sender = getattr(self, "_sender", None)
            if sender is not None and not getattr(self, "_closed", True):
                getattr(sender, "force_close", _nothing)()
                if not self._has_thread:
                    sender.run()  # only closes its sockets
            self._closed = True

    return Client


def _nothing() -> None:
    """In place of what a later version of the library might not have."""


@functools.cache
def _direct() -> str:
    """An address for "no proxy" that makes the library close the sockets of refused connections.

    It would leave them to the garbage collector, with a warning for each.
    """
    from kafka.net import KafkaNetSocket  # noqa: PLC0415  an extra

    class Direct(KafkaNetSocket):  # type: ignore[misc]  # the library has no types
        SCHEMES = (_DIRECT,)

        def socket(self, *arguments: Any) -> Any:
            self._made = super().socket(*arguments)
            return self._made

        async def connect(self, *arguments: Any, **named: Any) -> Any:
            try:
                return await super().connect(*arguments, **named)
            except BaseException:
                self._made.close()
                raise

    return f"{_DIRECT}://"


def _compression(wanted: str) -> str | None:
    from kafka import codec  # noqa: PLC0415  an extra

    if wanted == "none":
        return None
    if getattr(codec, f"has_{wanted}")():
        return wanted
    say(f"kafka:{wanted}", "watchkeeper_sdk: the library for %s is not installed, gzip is used; %s", wanted, _INSTALL)
    return "gzip"
