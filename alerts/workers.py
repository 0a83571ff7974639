"""The workers of all channels, kept in step with the rules."""

from collections.abc import Callable, Iterable, Mapping

from alerts.channel_config import ChannelConfig
from alerts.channels import ChannelParts, sender
from alerts.message import Message
from alerts.rules import Rules
from alerts.worker import ChannelWorker, Log, Pause, WorkerParts, pause
from watchkeeper.errors import ConfigError
from watchkeeper.telemetry import logger

_log = logger("alerts")
_STOP_S = 15.0

Make = Callable[[str, ChannelConfig], ChannelWorker]


def worker_maker(parts: ChannelParts, log: Log, wait: Pause = pause) -> Make:
    """Makes the worker of a channel. It raises :class:`ConfigError` for an address that is none."""

    def make(name: str, config: ChannelConfig) -> ChannelWorker:
        made = WorkerParts(sender(name, config, parts), config.give_up, log, parts.now, wait)
        return ChannelWorker(name, made)

    return make


class Workers:
    """One a channel. The service's thread owns it."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._running: dict[str, tuple[ChannelConfig, ChannelWorker]] = {}
        self._unmade: dict[str, str] = {}

    def follow(self, rules: Rules) -> bool:
        """Start, replace and end workers as ``rules`` say; true where there are new ones."""
        for name in [name for name, (config, _) in self._running.items() if rules.channels.get(name) != config]:
            self._end(name, _STOP_S)
        wanted = {name: config for name, config in rules.channels.items() if name not in self._running}
        self._unmade = {name: why for name, why in self._unmade.items() if name in wanted}
        for name in [name for name in wanted if name not in self._unmade]:
            self._start(name, wanted[name])
        return bool(wanted)

    def offer(self, messages: Iterable[Message]) -> None:
        """Each to its channel; those of a channel that is not there wait."""
        for message in messages:
            if message.channel in self._running:
                self._running[message.channel][1].offer(message)

    def problems(self) -> Mapping[str, str]:
        """What does not work now, by channel."""
        failing = {name: worker.problem for name, (_, worker) in self._running.items() if worker.problem}
        return {**self._unmade, **failing}

    def waiting(self) -> Mapping[str, int]:
        """Messages that wait, by channel."""
        return {name: worker.waiting for name, (_, worker) in self._running.items()}

    def stop(self, timeout_s: float) -> None:
        """End all, each after the attempt under way."""
        for _, worker in self._running.values():
            worker.ask_to_stop()
        for name in tuple(self._running):
            self._end(name, timeout_s)

    def _start(self, name: str, config: ChannelConfig) -> None:
        try:
            worker = self._make(name, config)
        except ConfigError as error:
            self._unmade[name] = str(error)
            _log.error("a channel cannot be used", channel=name, error=str(error))
            return
        self._running[name] = (config, worker)
        worker.start()

    def _end(self, name: str, timeout_s: float) -> None:
        _, worker = self._running.pop(name)
        if not worker.stop(timeout_s):
            _log.warning("a channel did not end in time; what it was sending may be sent again", channel=name)
