"""Regressions and findings in few words."""

from collections.abc import Callable, Mapping

from api.regressions.models import RegressionItem
from api.web.figures import capital, milliseconds, money, percent
from watchkeeper.series_id import ANY, in_words

_KINDS = {
    "served_model_change": "another model answers",
    "outage": "outage",
    "traffic_stop": "traffic stopped",
    "usage_missing": "token counts are missing",
    "mix_shift": "another mix of calls",
    "cost_spike": "cost spike",
}

_WRITERS: Mapping[str, Callable[[float], str]] = {
    "share": percent,
    "s": lambda seconds: milliseconds(seconds * 1000),
    "USD": money,
}


def headline(item: RegressionItem) -> str:
    """What, and where, in one line."""
    return f"{what(item)} — {place(item)}"


def what(item: RegressionItem, first: str = "") -> str:
    """How much of what, or which kind of finding and why; ``first`` is why it was reported, where that is known."""
    if item.size is not None:
        return capital(plain(item.size.text, item.metric))
    # What has gone on says why it ended or is about to: that is not what it was.
    reason = first or (item.reason if item.state == "open" else "")
    kind = _KINDS.get(item.kind, item.kind.replace("_", " "))
    return capital(f"{kind}: {reason}" if reason else kind)


def plain(text: str, metric: str) -> str:
    """``text`` about ``metric`` with its name in words."""
    return text.replace(metric, metric.replace("_", " ")) if metric else text


def place(item: RegressionItem) -> str:
    """The model, where it is used, and what serves it if that is another."""
    served = f", served by {item.model}" if item.model not in (ANY, "", item.request_model) else ""
    return in_words(item.service, item.route, item.provider, item.request_model) + served


def amount(value: float, unit: str) -> str:
    """``value`` in the ``unit`` of a metric: share, s, USD, USD/h, tokens, score."""
    if unit in _WRITERS:
        return _WRITERS[unit](value)
    return f"{money(value)} an hour" if unit == "USD/h" else f"{value:,.3g} {unit}"


def change(value: float, unit: str) -> str:
    """A difference in the ``unit`` of a metric, with its sign."""
    return f"{value * 100:+.3g} percentage points" if unit == "share" else f"{value:+.3g} {unit}"
