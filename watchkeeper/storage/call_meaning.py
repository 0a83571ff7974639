"""What a call counts as: what comparisons, the triggers of migrations and the timeline of models must agree on."""

from watchkeeper.schema import Outcome

NO_ANSWER = tuple(map(str, (Outcome.ERROR, Outcome.TIMEOUT, Outcome.RATE_LIMITED, Outcome.CANCELLED)))
"""Outcomes of calls that no model answered: they name the model that was asked for. As text also a list of SQL."""
_GOOD = tuple(map(str, (Outcome.OK, Outcome.TRUNCATED, Outcome.FORMAT_INVALID, Outcome.TOOL_INVALID)))

MEANING = f"""
          c.outcome NOT IN {NO_ANSWER} AS answered,
          c.outcome != 'cancelled' AS tried,
          answered AND (c.outcome IN ('format_invalid', 'tool_invalid') OR ifNull(NOT c.format_valid, 0)) AS broken,
          c.outcome IN {_GOOD} AS good,
          c.outcome = 'ok' AS useful_call,
          tried AND c.cost_usd IS NOT NULL AS known,
          toFloat64(ifNull(c.cost_usd, 0)) AS spent"""
"""Names for a ``WITH`` on ``calls AS c``. ``good``: its times say how fast the model is; ``known``: its cost is."""
