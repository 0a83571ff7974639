"""What a stream of calls is to the suite: a law without change, and changes that may set in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from detectors.columns import Floats
from detectors.metrics import Kind

Draw = Callable[[np.random.Generator, int], Floats]
Apply = Callable[[np.random.Generator, Floats], Floats]
LogRatio = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to the calls from some moment on."""

    name: str
    apply: Apply
    """The calls after the change, made of the calls [n] that there would have been without it."""
    window: int
    """Calls after the change within which it has to be found to count as found."""
    log_ratio: LogRatio | None = None
    """log(density after / density before) of each call, where both laws are known and calls independent."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One series' calls: 0/1 of a rate, or positive values in their natural unit."""

    name: str
    kind: Kind
    baseline: int
    """Calls at the start in which nobody's alarms count; detectors that learn, learn from them."""
    before: int
    """Calls before a change, the baseline included."""
    draw: Draw
    changes: tuple[Change, ...] = field(default=())

    def change(self, name: str) -> Change:
        """The change of that name. Raises :class:`KeyError` if there is none."""
        return next((change for change in self.changes if change.name == name), None) or _missing(self.name, name)

    def changed(self, random: np.random.Generator, change: Change) -> Floats:
        """[before + window] calls with ``change`` from call number ``before`` on."""
        calls = self.draw(random, self.before + change.window)
        calls[self.before :] = change.apply(random, calls[self.before :])
        return calls


def by_name(streams: Iterable[Stream]) -> dict[str, Stream]:
    """Streams under their names, which must differ."""
    named = list(streams)
    found = {stream.name: stream for stream in named}
    if len(found) != len(named):
        raise ValueError("two streams have one name")
    return found


def _missing(stream: str, change: str) -> Change:
    raise KeyError(f"stream {stream!r} has no change {change!r}")
