"""What is open of each model now, from the table of regressions."""

from collections.abc import Collection, Iterator, Sequence

from api.advising.facts import Standing, Trouble
from api.health.series_state import Concern
from watchkeeper.series_id import ANY
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import RegressionFilter, TransitionRow, latest_regressions
from watchkeeper.storage.series_health import Series

MOST_REGRESSIONS = 1_000
OPEN = ("open", "recovering")
OVER = ("closed",)
_KINDS = ("regression", "outage")
_NOT_OF_THE_MODEL = frozenset({"cache_miss", "cost", "input_tokens", "output_tokens"})
"""Metrics that tell of the work or of the bill: a dearer call is no reason to flee within minutes."""


def troubles(store: Store, states: Sequence[str]) -> list[TransitionRow]:
    """Regressions and outages that make calls worse, now in one of ``states``; of too many the latest."""
    rows = (
        row
        for state in states
        for kind in _KINDS
        for row in latest_regressions(store, RegressionFilter(state=state, kind=kind), MOST_REGRESSIONS)
    )
    return [row for row in rows if row.metric not in _NOT_OF_THE_MODEL]


def standing(concerns: Sequence[Concern], series: Collection[Series], model: tuple[str, str]) -> Standing:
    """How ``model`` (provider, requested model) fares on ``series``; without series, as a whole."""
    found = sorted(_about(concerns, series, model), key=lambda one: (one.since, one.id))
    return Standing(tuple(found), seen=bool(series))


def _about(concerns: Sequence[Concern], series: Collection[Series], model: tuple[str, str]) -> Iterator[Trouble]:
    whole: Series = (ANY, ANY, *model, ANY)
    for one in concerns:
        if any(one.concerns(each) for each in series or (whole,)):
            item = one.item
            yield Trouble(item.id, item.metric, item.size, item.since, item.state == "recovering")
