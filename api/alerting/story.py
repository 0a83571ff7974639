"""What became of an event: decisions, messages, and who looks after it."""

import base64
import binascii
from dataclasses import asdict, dataclass
from typing import Any

from api.access import Caller
from api.alerting.models import AcknowledgementItem, DecisionItem, MessageItem, MessageList, WhyAnswer
from api.problems import Problem
from api.regressions.actions import Said, take
from watchkeeper.clock import Clock
from watchkeeper.series_id import SHORTEST_BEGIN
from watchkeeper.storage.alert_acknowledgements import Acknowledgement, latest_acknowledgements, save_acknowledgement
from watchkeeper.storage.alert_decisions import DecisionRow, decisions_about
from watchkeeper.storage.alert_deliveries import MOST_LISTED, Delivery, DeliveryFilter, list_deliveries
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_actions import ActionKind
from watchkeeper.storage.regression_stream import micros
from watchkeeper.storage.regressions import regression_history, regressions_that_begin

_SHOWN = 10


def messages(reader: Store, chosen: DeliveryFilter, limit: int) -> MessageList:
    """A page of messages."""
    found = list_deliveries(reader, chosen, limit + 1)
    more = len(found) > limit
    return MessageList(
        rows=[_message(row) for row in found[:limit]], next_cursor=_cursor(found[limit - 1]) if more else None
    )


def place(cursor: str) -> dict[str, Any]:
    """Where the page at ``cursor`` begins, for a filter. Raises :class:`Problem` (422) for one that is none of ours."""
    if not cursor:
        return {}
    try:
        moment, _, key = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().partition("/")
        if not (moment.isascii() and moment.isdecimal() and len(moment) <= 16):
            raise ValueError
    except (ValueError, binascii.Error):
        raise Problem(422, "A parameter does not fit", "cursor is none of ours: take next_cursor as it is.") from None
    return {"before": int(moment), "before_key": key}


def why(reader: Store, named: str) -> WhyAnswer:
    """Every decision and message about an event, by its id or the begin of a regression's.

    Raises :class:`Problem` 404 where there is no such event.
    """
    event, is_regression = _whole(reader, named)
    decisions = decisions_about(reader, event)
    sent = list_deliveries(reader, DeliveryFilter(event=event), MOST_LISTED)
    if not (decisions or sent or is_regression):
        raise _no_such(named)
    made = latest_acknowledgements(reader, [event]).get(event)
    return WhyAnswer(
        event=event,
        decisions=[_decision(row) for row in decisions],
        messages=[_message(row) for row in sent],
        acknowledgement=AcknowledgementItem(**asdict(made)) if made else None,
    )


@dataclass(frozen=True, slots=True)
class Acknowledging:
    """Takes down who looks after an event, whatever found it."""

    writer: Store
    clock: Clock

    def take(self, named: str, caller: Caller, comment: str) -> AcknowledgementItem:
        """A regression's goes to the detectors. Raises :class:`Problem` 404 where there is no such event, 409 where it
        cannot be acknowledged as it stands.
        """
        event, is_regression = _whole(self.writer, named)
        if is_regression:
            done = take(self.writer, self.clock, event, Said(ActionKind.ACKNOWLEDGE, caller.name, comment))
            return AcknowledgementItem(event=event, at=done.at, made_by=done.made_by, comment=done.comment)
        if not decisions_about(self.writer, event):
            raise _no_such(named)
        made = Acknowledgement(event, self.clock.now(), caller.name, comment)
        save_acknowledgement(self.writer, made)
        return AcknowledgementItem(**asdict(made))


def _whole(store: Store, named: str) -> tuple[str, bool]:
    """The id that ``named`` is or begins, and whether it is a regression's. Raises :class:`Problem` 404 for several."""
    if regression_history(store, named):
        return named, True
    found = regressions_that_begin(store, named, _SHOWN + 1) if len(named) >= SHORTEST_BEGIN else []
    if len(found) > 1:
        listed = ", ".join(found[:_SHOWN])
        raise Problem(404, "Not one event", f"several ids begin with {named!r}: {listed}; write more of it.")
    return (found[0], True) if found else (named, False)


def _no_such(named: str) -> Problem:
    return Problem(
        404,
        "No such event",
        f"nothing was decided about {named!r:.200}, and it is no regression: GET /v1/regressions and "
        "GET /v1/alerts/messages list what there is.",
    )


def _cursor(row: Delivery) -> str:
    return base64.urlsafe_b64encode(f"{micros(row.made_at)}/{row.key}".encode()).decode()


def _message(row: Delivery) -> MessageItem:
    return MessageItem(**{**asdict(row), "outcome": row.outcome.value, "events": list(row.events)})


def _decision(row: DecisionRow) -> DecisionItem:
    return DecisionItem(**{**asdict(row), "events": list(row.events)})
