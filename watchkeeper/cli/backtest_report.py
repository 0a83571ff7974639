"""What a backtest found, for people: pages, notices, and where everything stands."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from detectors.backtest import Backtest
from detectors.metrics import METRICS, Severity
from detectors.records import FindingKind, Regression, State
from detectors.series import shown
from detectors.statuses import MetricStatus
from detectors.story import moment, story, where

_MOST_STORIES = 50
_MOST_SERIES = 40
_WIDEST_METRIC = max(map(len, (*METRICS, *(kind.value for kind in FindingKind))))
_ORDER = (
    State.OPEN, State.RECOVERING, State.SUSPECT, State.CANNOT_TELL, State.LEARNING, State.OK, State.CLOSED,
)  # fmt: skip
_COLOURS = {State.OPEN: "red", State.RECOVERING: "yellow", State.SUSPECT: "yellow"}


def print_report(result: Backtest, console: Console) -> None:
    """All of it; long lists are cut and say so."""
    told = [*result.regressions, *result.findings]
    pages = [one for one in told if one.severity is Severity.PAGE]
    notices = [one for one in told if one.severity is not Severity.PAGE]
    console.print(f"{counted(len(pages), 'page')}, {counted(len(notices), 'notice')} in {_span(result)}")
    if result.cannot_tell():
        console.print(f"cannot tell: {result.cannot_tell()}", highlight=False)
    if told:
        console.print(_table([*pages, *notices][:_MOST_STORIES]))
    for title, records in (("Pages", pages), ("Notices", notices)):
        _stories(title, records, result, console)
    _states(result.statuses(), console)


def _span(result: Backtest) -> str:
    days = f"{(result.end - result.begin) / 86_400:.1f}"
    counts = result.engine.counts()
    return f"{counted(counts.calls, 'call')} over {days} day{'' if days == '1.0' else 's'}"


def counted(number: int, what: str) -> str:
    """``1 page``, ``2 pages``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _table(records: Sequence[Regression]) -> Table:
    # What and where share a column: no name is cut, nor broken where 80 columns can hold it.
    what = Column("what and where", overflow="fold", min_width=_WIDEST_METRIC)
    table = Table("", "found", what, Column("how much", overflow="fold"), "now", box=SIMPLE_HEAD)
    for one in records:
        mark = "[bold red]page[/]" if one.severity is Severity.PAGE else "notice"
        size = one.size.text.removeprefix(one.metric).strip(" :") if one.size else ""
        found = f"{one.detected_at:%m-%d %H:%M}"
        table.add_row(mark, found, *map(escape, (f"{one.metric}\n{where(one)}", size, one.state.value)))
    return table


def _stories(title: str, records: Sequence[Regression], result: Backtest, console: Console) -> None:
    if records:
        console.print(f"\n[bold]{title}[/]")
    for one in records[:_MOST_STORIES]:
        console.print(f"• {moment(one.detected_at)}  {escape(story(one, result.told_as(one)))}", highlight=False)
    if len(records) > _MOST_STORIES:
        console.print(f"… and {len(records) - _MOST_STORIES} more: --json has all of them")


def _states(states: Sequence[MetricStatus], console: Console) -> None:
    counts = Counter(one.state for one in states)
    total = ", ".join(f"{count} {_word(state)}" for state, count in sorted(counts.items()))
    console.print(f"\n[bold]Where everything stands[/]: {total or 'nothing was watched'}")
    console.print("In brackets: the smallest change that would be seen in an hour, a day, a week.")
    of_series = [list(group) for _, group in groupby(states, key=lambda one: one.series)]
    for group in of_series[:_MOST_SERIES]:
        console.print(f"{group[0].series_id}  {escape(shown(group[0].series))}", highlight=False)
        for state in sorted({one.state for one in group}, key=_ORDER.index):
            told = "; ".join(_told(one) for one in group if one.state is state)
            console.print(f"  [{_COLOURS.get(state, 'default')}]{_word(state)}[/]: {escape(told)}", highlight=False)
    if len(of_series) > _MOST_SERIES:
        console.print(f"… and {len(of_series) - _MOST_SERIES} more series: --json has all of them")


def _word(state: State) -> str:
    return state.value.replace("_", " ")


def _told(status: MetricStatus) -> str:
    if status.state in (State.LEARNING, State.CANNOT_TELL):
        return f"{status.metric} ({status.why})"
    seen = ", ".join(one.short for one in status.detectable)
    return f"{status.metric} ({seen})" if seen else status.metric
