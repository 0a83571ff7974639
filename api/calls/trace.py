"""The calls of one trace with what was said of them. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from api.calls.models import ScoreItem, TraceAnswer, TraceCallItem, call_fields, score_item
from watchkeeper.storage.call_search import StoredScore


def trace_answer(trace_id: str, calls: Sequence[Mapping[str, Any]], scores: Sequence[StoredScore]) -> TraceAnswer:
    """``calls`` in their order, at least one; each score with the call it is about."""
    spans = {row["span_id"] for row in calls}
    said: dict[int, list[ScoreItem]] = {}
    for score in scores:
        said.setdefault(_place(score, calls), []).append(score_item(score))
    costs = [row["cost_usd"] for row in calls if row["cost_usd"] is not None]
    return TraceAnswer(
        trace_id=trace_id,
        start=calls[0]["ts"],
        end=max(row["ts"] + timedelta(microseconds=row["duration_us"]) for row in calls),
        cost_usd=sum(costs) if costs else None,
        unpriced_calls=sum(row["cost_status"] == "unpriced" for row in calls),
        other_scores=said.get(_NOWHERE, []),
        rows=[
            TraceCallItem(
                **call_fields(row),
                parent_call=row["parent_span_id"] if row["parent_span_id"] in spans else None,
                attributes=row["attributes"],
                scores=said.get(place, []),
            )
            for place, row in enumerate(calls)
        ],
    )


_NOWHERE = -1


def _place(score: StoredScore, calls: Sequence[Mapping[str, Any]]) -> int:
    """Of the call that ``score`` is about: by response id, else by span id."""
    for place, row in enumerate(calls):
        if score.response_id:
            if score.response_id == row["response_id"]:
                return place
        elif score.span_id == row["span_id"]:
            return place
    return _NOWHERE
