"""Draws which models answered, interval by interval."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from api.regressions.models import RegressionDetail
from api.web.charts import Chart, Drawing
from api.web.evidence_chart import HEIGHT, WIDTH, onset_marks, time_axis
from api.web.figures import count, moment, percent
from api.web.wording import place
from watchkeeper.storage.series_health import HealthRow

_MOST_MODELS = 5
_OTHERS = "others"


def served_chart(found: RegressionDetail, rows: Sequence[HealthRow], drawing: Drawing) -> Chart | None:
    """``rows`` are grouped by model, among others, and interval. None where there is no more than one interval."""
    calls = _by_interval(rows)
    if len(calls) < 2:
        return None
    values = [
        {"t": at.timestamp() * 1000, "model": model, "share": n / sum(models.values())}
        for at, models in calls.items()
        for model, n in models.items()
    ]
    share = {"field": "share", "type": "quantitative", "title": "share of calls", "axis": {"format": "~%"}}
    colour = {"field": "model", "type": "nominal", "title": None}
    # Told apart by dashes too, for whoever sees no difference of colour.
    encoding = {"x": time_axis(), "y": share, "color": colour, "strokeDash": colour}
    lines = {"mark": {"type": "line", "strokeWidth": 2}, "encoding": encoding}
    return Chart(
        title=f"Which model answered — {place(found)}",
        summary=_summary(found, calls),
        svg=drawing.svg(
            {
                "width": WIDTH,
                "height": HEIGHT,
                "data": {"values": values},
                "layer": [lines, *onset_marks(found.onset)],
            }
        ),
        columns=("Interval from (UTC)", "Model", "Calls", "Share"),
        rows=[
            (moment(at).removesuffix(" UTC"), model, count(n), percent(n / sum(models.values())))
            for at, models in calls.items()
            for model, n in models.items()
            if n
        ],
    )


_Calls = dict[datetime, dict[str, int]]


def _by_interval(rows: Sequence[HealthRow]) -> _Calls:
    totals: dict[str, int] = defaultdict(int)
    for row in rows:
        totals[row.group["model"]] += row.calls
    shown = sorted(totals, key=lambda model: -totals[model])[:_MOST_MODELS]
    found: _Calls = {}
    for row in rows:
        if row.start is not None and row.calls:
            model = row.group["model"] if row.group["model"] in shown else _OTHERS
            models = found.setdefault(row.start, dict.fromkeys(shown, 0))
            models[model] = models.get(model, 0) + row.calls
    return found


def _summary(found: RegressionDetail, calls: _Calls) -> str:
    before = _most([models for at, models in calls.items() if at < found.onset])
    after = _most([models for at, models in calls.items() if at >= found.onset])
    told = [f"{words} it {most}." for words, most in (("Before", before), ("After", after)) if most]
    return f"The line marks when it changed, {moment(found.onset)}. {' '.join(told)}"


def _most(intervals: Sequence[dict[str, int]]) -> str:
    totals: dict[str, int] = defaultdict(int)
    for models in intervals:
        for model, n in models.items():
            totals[model] += n
    every = sum(totals.values())
    most = max(totals, key=lambda model: totals[model], default="")
    return f"{percent(totals[most] / every)} of the calls came from {most}" if every else ""
