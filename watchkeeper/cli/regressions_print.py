"""Regressions for people, from what the API answers."""

from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from detectors.records import Regression
from detectors.series import in_words
from detectors.story import story

_WIDEST = 110
_SECONDS = 19
"""Characters of an ISO time up to the second."""


def print_list(answer: Any, console: Console) -> None:
    """A page of ``GET /v1/regressions``."""
    table = Table(Column("id", no_wrap=True), "state", "severity", "what", "where", "since", "last step", "seen by")
    for row in answer["rows"]:
        what = row["size"]["text"] if row["size"] else row["kind"].replace("_", " ")
        place = in_words(row["service"], row["route"], row["provider"], row["request_model"])
        times = (_time(row["onset"]), _time(row["at"]))
        words = (row["state"], row["severity"], what, place, *times, row["acknowledged_by"] or "")
        table.add_row(row["id"], *map(escape, words))
    # Narrower, what is wrong is a column of syllables.
    console.width = max(console.width, _WIDEST)
    console.print(table)
    if answer["next_cursor"]:
        console.print(f"there is more: --cursor {answer['next_cursor']}", highlight=False, soft_wrap=True)


def print_one(answer: Any, console: Console) -> None:
    """``GET /v1/regressions/{id}``."""
    console.print(f"[bold]{answer['id']}[/]  {answer['state']}, {answer['severity']}", highlight=False)
    console.print(escape(_story(answer)), highlight=False)
    for name, value in answer["details"].items():
        console.print(f"  {escape(name)}: {escape(value)}", highlight=False)
    console.print("\n[bold]steps[/]")
    for step in answer["transitions"]:
        console.print(
            f"  {step['seq']:>3}  {_time(step['at'])}  {step['state']:<10}  {escape(step['reason'])}",
            highlight=False,
            soft_wrap=True,
        )
    if answer["actions"]:
        console.print("\n[bold]what people said[/]")
    for one in answer["actions"]:
        _print_said(one, console)


def print_action(answer: Any, console: Console) -> None:
    """What an action is answered with."""
    _print_said(answer, console)
    if answer["action"] != "comment":
        console.print("the detectors obey within a minute")


def print_false_alarms(answer: Any, console: Console) -> None:
    """``GET /v1/detectors/false-alarms``."""
    table = Table("kind", "metric", "told", "judged", "false alarms", "rate", "95 % interval")
    for row in answer:
        known = row["rate"] is not None
        rate = f"{row['rate']:.0%}" if known else "not known"
        interval = f"{row['rate_low']:.0%} to {row['rate_high']:.0%}" if known else ""
        counts = (str(row[name]) for name in ("told", "judged", "false_alarms"))
        table.add_row(row["kind"], escape(row["metric"]), *counts, rate, interval)
    console.print(table)


def _print_said(one: Any, console: Console) -> None:
    words = f": {one['comment']}" if one["comment"] else ""
    line = f"  {_time(one['at'])}  {one['action'].replace('_', ' ')} by {one['made_by']}{words}"
    console.print(escape(line), highlight=False, soft_wrap=True)


def _story(answer: Any) -> str:
    """In sentences; a record of another version at least says why it is as it stands."""
    known = {name: answer[name] for name in Regression.model_fields if answer.get(name) is not None}
    first = answer["transitions"][0]["reason"]
    try:
        return story(Regression.model_validate(known), first)
    except ValidationError:
        return f"{answer['reason']} ({answer['series']}, {answer['metric']})"


def _time(text: str) -> str:
    return text[:_SECONDS].replace("T", " ")
