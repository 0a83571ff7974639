"""Acknowledgements of notices and of what the clock noticed; those of regressions come with their transitions."""

from alerts.desk import DeskState
from alerts.event import Event
from watchkeeper.storage.alert_acknowledgements import latest_acknowledgements
from watchkeeper.storage.client import Store

KINDS = ("budget", "comparison", "migration", "deprecation", "unpriced", "pipeline")
"""Whose events are acknowledged here."""


def acknowledged(store: Store, desk: DeskState) -> list[Event]:
    """Events that are open and that somebody has acknowledged since they began, with their name.

    What came again after it was over needs an acknowledgement of its own.
    """
    waiting = {
        event.id: event
        for case in desk.cases.values()
        for event in case.open_events
        if event.kind in KINDS and not event.acknowledged_by
    }
    made = latest_acknowledgements(store, waiting.keys())
    return [
        waiting[name].model_copy(update={"acknowledged_by": one.made_by})
        for name, one in made.items()
        if one.at >= waiting[name].at
    ]
