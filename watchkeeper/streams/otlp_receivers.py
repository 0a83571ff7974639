"""Both OTLP receivers on one background thread with one event loop."""

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from dataclasses import dataclass

from watchkeeper.errors import WatchkeeperError
from watchkeeper.streams.otlp_config import ReceiverConfig
from watchkeeper.streams.otlp_exchange import Answered, Exchange, Observe
from watchkeeper.streams.otlp_grpc import GrpcServer, OtlpGrpcService
from watchkeeper.streams.otlp_http import OtlpHttpApp
from watchkeeper.streams.otlp_http_server import HttpServer, bind
from watchkeeper.streams.otlp_sink import Sink, Validate

_FLUSH_S = 1.0
"""Time for the last answers to go out once all requests are answered."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the receivers listen."""

    http: int
    grpc: int


def ignore(answered: Answered) -> None:
    """An observer for those who count nothing."""


class OtlpReceivers:
    """OTLP/HTTP and OTLP/gRPC in front of a :class:`Sink`. Start and stop from any one thread.

    ``validate`` is for sinks that cannot say later that a body is malformed; ``observe`` is called on the
    receivers' thread for every answer.
    """

    def __init__(
        self, config: ReceiverConfig, sink: Sink, validate: Validate | None = None, observe: Observe = ignore
    ) -> None:
        self._config = config
        self._sink = sink
        self._validate = validate
        self._observe = observe
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_asked: asyncio.Future[float] | None = None
        self._ports: Ports | None = None

    @property
    def ports(self) -> Ports:
        """The actual ports; raises before :meth:`start`."""
        if self._ports is None:
            raise WatchkeeperError("the OTLP receivers have no ports before they are started")
        return self._ports

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> Ports:
        """Listen on both ports. Raises :class:`ConfigError` where one cannot be had; then neither is open."""
        started: Future[Ports] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="otlp-receivers", daemon=True)
        self._thread.start()
        try:
            self._ports = started.result()
        except WatchkeeperError:
            self._thread.join()
            raise
        return self._ports

    def stop(self, deadline_s: float) -> None:
        """Stop intake, give requests in work ``deadline_s``, then answer the rest "send again later".

        The pipeline must go on meanwhile. Takes up to two seconds longer for the answers to go out. Safe to
        call twice, and before :meth:`start`.
        """
        if self._thread is None:
            return
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: stopped already
                self._loop.call_soon_threadsafe(self._ask_to_stop, deadline_s)
        self._thread.join(deadline_s + 3 * _FLUSH_S)

    def _ask_to_stop(self, deadline_s: float) -> None:
        if self._stop_asked is not None and not self._stop_asked.done():
            self._stop_asked.set_result(deadline_s)

    def _run(self, started: Future[Ports]) -> None:
        try:
            asyncio.run(self._serve(started))
        finally:
            if not started.done():  # a defect; its traceback is the thread's
                started.set_exception(WatchkeeperError("the OTLP receivers failed while starting"))

    async def _serve(self, started: Future[Ports]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop_asked = self._loop.create_future()
        exchange = Exchange(self._sink, self._validate, self._config.request_timeout_s)
        try:
            http, grpc, ports = await self._listen(exchange)
        except WatchkeeperError as error:
            started.set_exception(error)
            return
        started.set_result(ports)
        deadline_s = await self._stop_asked
        await exchange.stop(deadline_s)
        await asyncio.gather(http.stop(_FLUSH_S), grpc.stop(_FLUSH_S))

    async def _listen(self, exchange: Exchange) -> tuple[HttpServer, GrpcServer, Ports]:
        config = self._config
        listener = bind(config.host, config.http_port)
        grpc = GrpcServer(OtlpGrpcService(exchange, config, self._observe), config)
        try:
            grpc_port = await grpc.start()
        except WatchkeeperError:
            listener.close()
            raise
        http = HttpServer(OtlpHttpApp(exchange, config, self._observe), config, listener)
        await http.start()
        return http, grpc, Ports(http=listener.getsockname()[1], grpc=grpc_port)
