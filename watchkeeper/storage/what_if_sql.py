"""The statement of :mod:`watchkeeper.storage.what_if`: stored calls priced one by one with other prices.

Each call is priced inside the engine, in the integers and with the rounding of :mod:`watchkeeper.price_quote`, so that
millions of calls cost one scan and the sum is exactly that of calls priced singly.
"""

from collections.abc import Mapping, Sequence
from string import Template

from watchkeeper.price_quote import UNKNOWN, UnitPrices
from watchkeeper.storage.call_filter import expression

PRICE_PARAMETERS = tuple(f"price_{name}" for name in UnitPrices._fields)
_MOST_TOKENS = 2**32 - 1

COMBINATIONS = Template("""
SELECT c.provider AS provider, c.request_model AS request_model, c.model AS model, c.service_tier AS service_tier,
       min(c.ts) AS first_at, max(c.ts) AS last_at
FROM calls AS c WHERE $where
GROUP BY provider, request_model, model, service_tier ORDER BY ALL LIMIT {limit:UInt32}
""")

_TOKENS = Template("""
SELECT $groups
       c.calls AS calls, c.gateway_cache_hit AS hit, c.cost_status AS status,
       c.cost_usd IS NOT NULL AS known, reinterpretAsInt64(ifNull(c.cost_usd, 0)) AS observed,
       c.trace_id AS trace_id, c.input_tokens IS NOT NULL AS used,
       toInt64(ifNull(c.input_tokens, 0)) + toInt64(ifNull(c.output_tokens, 0)) AS stored,
       transform(concat(c.provider, '\\x1f', c.request_model, '\\x1f', c.model, '\\x1f', c.service_tier),
         {keys:Array(String)}, {rows:Array(Int32)}, toInt32(-1)) AS row,
       arrayCount(begin -> begin <= toUnixTimestamp64Micro(c.ts), {eras:Array(Int64)}) AS era,
       $input AS input, $read AS read, $write AS write, $output AS output, least($reasoning, output) AS reasoning
FROM calls AS c WHERE $where
""")

_PRICED = Template(f"""
SELECT *, greatest(input - read - write, 0) AS uncached, output - reasoning AS plain,
       toUInt64((row * length({{eras:Array(Int64)}}) + era - 1) * (length({{above:Array(Int64)}}) + 1)
         + arrayCount(bound -> bound < input, {{above:Array(Int64)}}) + 1) AS cell,
       row >= 0 AND era > 0 AS listed,
       {", ".join(f"if(listed, {{{n}:Array(Int64)}}[cell], {UNKNOWN}) AS {n}" for n in PRICE_PARAMETERS)},
       if(row >= 0, {{most_context:Array(Int64)}}[row + 1], 0) AS context_limit,
       if(row >= 0, {{most_output:Array(Int64)}}[row + 1], 0) AS output_limit,
       (context_limit = 0 OR input + output <= context_limit) AND (output_limit = 0 OR output <= output_limit) AS fits,
       price_request != {UNKNOWN} AND (uncached = 0 OR price_input != {UNKNOWN})
         AND (read = 0 OR price_cache_read != {UNKNOWN}) AND (write = 0 OR price_cache_write != {UNKNOWN})
         AND (plain = 0 OR price_output != {UNKNOWN}) AND (reasoning = 0 OR price_reasoning != {UNKNOWN}) AS complete
FROM ($tokens)
""")


def _nano(pico: str) -> str:
    """Nano-dollars of ``pico``, halves to the even neighbour."""
    whole, rest = f"intDiv({pico}, 1000)", f"({pico}) % 1000"
    return f"{whole} + toInt64({rest} > 500 OR ({rest} = 500 AND {whole} % 2 = 1))"


_COSTED = Template(f"""
SELECT *,
       multiIf(hit, 'gateway', NOT used, 'no_usage', NOT fits, 'too_large', complete, 'priced', 'unpriced') AS state,
       state = 'priced' AS counted,
       if(counted, {_nano("uncached * price_input")} + price_request, 0) AS n_input,
       if(counted, {_nano("read * price_cache_read")}, 0) AS n_cache_read,
       if(counted, {_nano("write * price_cache_write")}, 0) AS n_cache_write,
       if(counted, {_nano("plain * price_output + reasoning * price_reasoning")}, 0) AS n_output,
       n_input + n_cache_read + n_cache_write + n_output AS n_cost,
       known AND state IN ('priced', 'gateway') AS same
FROM ($priced)
""")

_SUMMED = Template("""
SELECT $groups
       sum(calls) AS calls, countIf(state = 'gateway') AS gateway_hits, countIf(counted) AS calls_priced,
       countIf(state = 'too_large') AS calls_too_large, countIf(state = 'unpriced') AS calls_unpriced,
       countIf(status = 'unpriced') AS calls_unpriced_now, countIf(known) AS calls_observed,
       sum(observed) AS observed_nano, sumIf(observed, state = 'too_large') AS too_large_observed_nano,
       countIf(same) AS same_calls, sumIf(observed, same) AS same_observed_nano, sumIf(n_cost, same) AS same_nano,
       sum(n_cost) AS cost_nano, sum(n_input) AS input_nano, sum(n_cache_read) AS cache_read_nano,
       sum(n_cache_write) AS cache_write_nano, sum(n_output) AS output_nano,
       sumIf(input, counted) AS input_tokens, sumIf(read, counted) AS cache_read_tokens,
       sumIf(write, counted) AS cache_write_tokens, sumIf(output, counted) AS output_tokens,
       countIf(used AND NOT hit) AS calls_used, sumIf(stored, used AND NOT hit) AS stored_tokens,
       maxIf(input + output, used AND NOT hit) AS largest_call_tokens,
       arrayMap(id -> lower(hex(id)), groupArrayIf(5)(trace_id, state = 'too_large')) AS too_large_traces
FROM ($costed)
""")


def combinations(where: str) -> str:
    """The distinct names that decide prices, and when they were called."""
    return COMBINATIONS.substitute(where=where)


def statement(where: str, tokens: Mapping[str, str], group_by: Sequence[str]) -> str:
    """The whole statement; ``tokens`` says how each count is made from the stored ones."""
    names = [f"g{number}" for number in range(len(group_by))]
    inner = "".join(f"{expression(of, 'c')} AS {name}, " for of, name in zip(group_by, names, strict=True))
    costed = _COSTED.substitute(priced=_PRICED.substitute(tokens=_TOKENS.substitute(tokens, groups=inner, where=where)))
    summed = _SUMMED.substitute(groups="".join(f"{name}, " for name in names), costed=costed)
    grouping = f"GROUP BY {', '.join(names)} ORDER BY cost_nano DESC, {', '.join(names)}" if names else ""
    # With short circuits the engine copies the rows for each of the many conditions: five times as slow.
    return f"{summed} {grouping} LIMIT {{limit:UInt32}} SETTINGS short_circuit_function_evaluation = 'disable'"


def scaled(column: str, factor: str) -> str:
    """A token count times a factor in millionths (a parameter), rounded half up, as an integer that any count fits."""
    count = f"toInt64(ifNull(c.{column}, 0))"
    return f"least(intDiv({count} * {{{factor}:Int64}} + 500000, 1000000), {_MOST_TOKENS})"
