"""What Grafana and its ClickHouse plugin (4.20) do to a query before the server sees it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

_ALL = "$__all"
_CONDITIONAL = "$__conditionalAll("


@dataclass(frozen=True, slots=True)
class View:
    """What is chosen above a dashboard; a variable that is not ``chosen`` stands on All."""

    begin: datetime
    end: datetime
    interval_s: int
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)


def expanded(sql: str, view: View, variables: Sequence[str] = ()) -> str:
    """The SQL that reaches the server. ``variables`` are the dashboard's; raises ValueError for what nobody expands."""
    values = {name: list(view.chosen.get(name, [_ALL])) for name in variables}
    sql = _macros(_interpolated(_conditions(sql, values), values), view)
    if left := re.search(r"\$[\w{]\w*", sql):
        raise ValueError(f"nobody expands {left.group()}: {sql}")
    return sql


def _conditions(sql: str, values: Mapping[str, Sequence[str]]) -> str:
    """``$__conditionalAll(condition, $variable)``, in the browser: from the last one to the first."""
    while (at := sql.rfind(_CONDITIONAL)) >= 0:
        arguments, end = _arguments(sql, at + len(_CONDITIONAL) - 1)
        if len(arguments) != 2:
            raise ValueError(f"$__conditionalAll takes two arguments, not {len(arguments)}: {arguments}")
        condition, variable = arguments[0], arguments[1].strip().removeprefix("$")
        if variable not in values:
            raise ValueError(f"$__conditionalAll of {variable}, which is no variable of the dashboard")
        everything = ",".join(values[variable]) in ("", _ALL)
        sql = sql[:at] + ("1=1" if everything else condition) + sql[end:]
    return sql


def _interpolated(sql: str, values: Mapping[str, Sequence[str]]) -> str:
    """``${name:singlequote}``, in the browser."""

    def quoted(match: re.Match[str]) -> str:
        return ",".join("'" + value.replace("'", "\\'") + "'" for value in values[match.group(1)])

    return re.sub(r"\$\{(\w+):singlequote\}", quoted, sql)


def _macros(sql: str, view: View) -> str:
    """The others, in the plugin's backend."""
    expand = _expansions(view)
    while (found := re.search(r"\$__(\w+)", sql)) is not None:
        name, end = found.group(1), found.end()
        arguments: list[str] = []
        if name not in expand:
            raise ValueError(f"the plugin has no macro $__{name}")
        if sql[end : end + 1] == "(":
            arguments, end = _arguments(sql, end)
        sql = sql[: found.start()] + expand[name](*(argument.strip() for argument in arguments)) + sql[end:]
    return sql


def _expansions(view: View) -> Mapping[str, Callable[..., str]]:
    begin, end = f"toDateTime({int(view.begin.timestamp())})", f"toDateTime({int(view.end.timestamp())})"
    return {
        "fromTime": lambda: begin,
        "toTime": lambda: end,
        "timeFilter": lambda column: f"{column} >= {begin} AND {column} <= {end}",
        "timeInterval": lambda column: (
            f"toStartOfInterval(toDateTime({column}), INTERVAL {max(view.interval_s, 1)} second)"
        ),
        "interval_s": lambda: str(max(view.interval_s, 1)),
    }


def _arguments(sql: str, opening: int) -> tuple[list[str], int]:
    """Between the parentheses that open there, split at the commas of the first level; and the place behind them."""
    arguments: list[str] = []
    depth, begin = 0, opening + 1
    for place in range(opening, len(sql)):
        letter = sql[place]
        depth += (letter in "([") - (letter in ")]")
        if depth == 0:
            return [*arguments, sql[begin:place]], place + 1
        if letter == "," and depth == 1:
            arguments.append(sql[begin:place])
            begin = place + 1
    raise ValueError(f"a parenthesis does not close: {sql[opening:]}")
