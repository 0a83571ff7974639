"""Mutes from the page of a regression: about it alone, its model or its route, for a while."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from glob import escape

from pydantic import ValidationError

from api.alerting.models import MuteBody
from api.alerting.silencing import Silencing
from api.problems import Problem
from api.regressions.models import RegressionDetail
from api.web.forms import Form
from api.web.parts import WebParts
from watchkeeper.series_id import ANY

LENGTHS: Mapping[str, timedelta] = {
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "1 week": timedelta(days=7),
}
_SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "this": ("id",),
    "model": ("provider", "request_model"),
    "route": ("service", "route"),
}
_NAMES = {"request_model": "model"}


def quieten(parts: WebParts, found: RegressionDetail, form: Form) -> None:
    """Mute what the form says. Raises :class:`Problem` 422 for what does not fit, 409 where nothing can be muted."""
    if parts.alerts is None:
        raise Problem(409, "No alerts here", "This process has not the alerts' code: use watchkeeper alerts mute.")
    length = LENGTHS.get(form.text("for"))
    columns = _SUBJECTS.get(form.text("about"))
    reason = form.text("reason", 300).replace("\n", " ")
    if length is None or columns is None:
        raise Problem(422, "A field does not fit", "Choose what to mute, and for how long.")
    if not reason:
        raise Problem(422, "A field does not fit", "reason is empty: say why, for those who wonder at the silence.")
    match = _subject(found, columns)
    if not match:
        raise Problem(422, "A field does not fit", "It is about everything: mute this regression alone.")
    try:
        body = MuteBody.model_validate({"reason": reason, "match": match, "to": parts.clock.now() + length})
    except ValidationError as error:
        raise Problem(422, "The mute is wrong", f"{error.errors()[0]['msg']}.") from None
    Silencing(parts.store, parts.clock, parts.alerts).set(body, form.visit.caller)


def _subject(found: RegressionDetail, columns: Sequence[str]) -> dict[str, str | list[str] | float]:
    """Names come from calls, and words of a mute are patterns: a route whose name holds ``*`` means itself alone."""
    words = {_NAMES.get(name, name): getattr(found, name) for name in columns}
    return {name: escape(word) for name, word in words.items() if word not in ("", ANY)}
