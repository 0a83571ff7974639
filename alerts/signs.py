"""Reads the signs that :mod:`alerts.checks` judges."""

from datetime import datetime, timedelta

from alerts.checks import QUIET, Signs, UnpricedModel
from watchkeeper.storage import pipeline_signs
from watchkeeper.storage.client import Store
from watchkeeper.storage.pipeline_signs import Period

_WEEKS = 3
_DAY = timedelta(days=1)
_LATELY = timedelta(minutes=10)


def read_signs(store: Store, now: datetime) -> Signs:
    """What the tables say at ``now``. Raises what the store raises."""
    lately = Period(now - QUIET, now)
    weeks = [timedelta(weeks=number) for number in range(_WEEKS + 1)]
    calls, *usual = pipeline_signs.calls_in(store, [Period(lately.begin - ago, now - ago) for ago in weeks])
    dead, reason = pipeline_signs.dead_letters_in(store, lately)
    unpriced = pipeline_signs.unpriced_models(store, Period(now - _DAY, now))
    return Signs(
        now=now,
        calls=calls,
        usual=tuple(usual),
        newest_call=pipeline_signs.newest_call(store, Period(now - 7 * _DAY, now)) if not calls else None,
        delay_s=pipeline_signs.storing_delay_s(store, Period(now - _LATELY, now), now - _DAY),
        dead_letters=dead,
        dead_reason=reason,
        detectors_at=pipeline_signs.detectors_saved_at(store, Period(now - 7 * _DAY, now)),
        unpriced=tuple(UnpricedModel(one.provider, one.request_model, one.calls, one.since) for one in unpriced),
    )
