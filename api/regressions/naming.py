"""Regressions by their id, or by as much of its begin as no other one has."""

from api.problems import Problem
from watchkeeper.series_id import SHORTEST_BEGIN
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import TransitionRow, regression_history, regressions_that_begin

_SHOWN = 10


def history_of(store: Store, named: str) -> list[TransitionRow]:
    """All transitions of the regression that ``named`` is the id of, or the begin of its id; in their order.

    Raises :class:`Problem` 404 where there is none, or several, then with these.
    """
    if history := regression_history(store, named):
        return history
    candidates = regressions_that_begin(store, named, _SHOWN + 1) if len(named) >= SHORTEST_BEGIN else []
    if not candidates:
        raise Problem(404, "No such regression", f"{named!r} is not there; GET /v1/regressions lists what is.")
    if len(candidates) > 1:
        more = " …" if len(candidates) > _SHOWN else ""
        listed = ", ".join(candidates[:_SHOWN])
        raise Problem(404, "Not one regression", f"several begin with {named!r}: {listed}{more}; write more of the id.")
    return regression_history(store, candidates[0])
