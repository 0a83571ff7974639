"""The outbox's counts as OpenTelemetry metrics, for applications that collect them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Observation, get_meter

from watchkeeper_sdk._safety import guarded
from watchkeeper_sdk.outbox import Counts, Outbox
from watchkeeper_sdk.tracing import SCOPE

_observed: weakref.ref[Outbox] | None = None
_registered = False


@guarded
def report_drops(outbox: Outbox) -> None:
    """Observe ``outbox`` as long as it lives: ``watchkeeper.sdk.calls.{sent,dropped,queued}``.

    Instruments are made once: OpenTelemetry ignores the callbacks of a second one of the same name.
    """
    global _observed, _registered
    _observed = weakref.ref(outbox)
    if _registered:
        return
    _registered = True
    meter = get_meter(SCOPE)
    for name, pick in _COUNTERS.items():
        meter.create_observable_counter(
            f"watchkeeper.sdk.calls.{name}", [_observing(pick)], "{call}", f"Model calls {name}."
        )
    queued = _observing(lambda counts: counts.queued)
    meter.create_observable_gauge("watchkeeper.sdk.calls.queued", [queued], "{call}", "Model calls waiting to be sent.")


_COUNTERS: dict[str, Callable[[Counts], int]] = {
    "sent": lambda counts: counts.sent,
    "dropped": lambda counts: counts.dropped,
}


def _observing(pick: Callable[[Counts], int]) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        outbox = _observed() if _observed is not None else None
        return [] if outbox is None else [Observation(pick(outbox.counts))]

    return observe
