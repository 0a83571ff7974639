"""What the commands of ``alerts`` print for people, from what the API answers."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_MOST_UNTOLD = 50
_SECONDS = 19
"""Characters of an ISO time up to the second."""


def print_messages(answer: Any, console: Console) -> None:
    """A page of ``GET /v1/alerts/messages``."""
    if not answer["rows"]:
        console.print("No message was sent yet, or tried.")
        return
    _print_rows(answer["rows"], console)
    if answer["next_cursor"]:
        console.print(f"there is more: --cursor {answer['next_cursor']}", highlight=False, soft_wrap=True)


def print_why(answer: Any, console: Console) -> None:
    """``GET /v1/alerts/why/{event}``: every change of mind, and what became of its messages."""
    if not answer["decisions"] and not answer["messages"]:
        console.print(
            f"Nothing was decided about {escape(answer['event'])} yet: do the alerts run, and have they rules "
            "(`watchkeeper alerts rules show`)?",
            soft_wrap=True,
        )
    for row in answer["decisions"]:
        until = f" (until {_moment(row['until'])})" if row["until"] else ""
        where = f"{row['channel']}, rule {row['rule']}" if row["channel"] else "no channel"
        line = f"{_moment(row['at'])}  {where}: {row['verdict']}: {row['reason']}{until}"
        console.print(escape(line), soft_wrap=True)
    if made := answer["acknowledgement"]:
        words = f": {made['comment']}" if made["comment"] else ""
        line = f"{_moment(made['at'])}  acknowledged by {made['made_by']}{words}"
        console.print(escape(line), soft_wrap=True)
    if answer["messages"]:
        _print_rows(answer["messages"], console)


def print_preview(answer: Any, console: Console) -> None:
    """Messages, then what was not told and why."""
    table = Table("at", "channel", "verdict", "severity", "title")
    for one in answer["messages"]:
        words = (one[name] for name in ("channel", "verdict", "severity", "title"))
        table.add_row(_moment(one["at"]), *map(escape, words))
    if answer["messages"]:
        console.print(table)
    console.print(f"{answer['messages_total']} messages about {answer['events']} events.")
    for one in answer["untold"][:_MOST_UNTOLD]:
        console.print(f"  not told: {escape(one['event'])}: {escape(one['reason'])}", soft_wrap=True)
    if answer["untold_total"] > _MOST_UNTOLD:
        console.print(f"  and {answer['untold_total'] - _MOST_UNTOLD:,} more")
    if not answer["complete"]:
        console.print("There is more than can be looked at: choose a shorter period.")


def print_mutes(answer: Any, console: Console) -> None:
    """``GET /v1/alerts/mutes``."""
    if not answer["rows"]:
        console.print("Nothing is muted.")
        return
    table = Table("id", "what", "from", "to", "by", "reason")
    for one in answer["rows"]:
        end = _moment(one["to"]) if one["to"] else "by the hours"
        words = (one["id"] or "(rules)", _matched(one["match"]), _moment(one["from"]), end, one["made_by"])
        table.add_row(*map(escape, words), escape(one["reason"]))
    console.print(table)


def _print_rows(rows: Any, console: Console) -> None:
    table = Table("made", "channel", "verdict", "severity", "title", "outcome")
    for row in rows:
        outcome = row["outcome"] if not row["error"] else f"{row['outcome']}, attempt {row['attempt']}: {row['error']}"
        words = (*(row[name] for name in ("channel", "verdict", "severity", "title")), outcome)
        table.add_row(_moment(row["made_at"]), *map(escape, words))
    console.print(table)


def _matched(match: Any) -> str:
    return ", ".join(
        f"{name} {' or '.join(value) if isinstance(value, list) else value}" for name, value in match.items()
    )


def _moment(text: str | None) -> str:
    return text[:_SECONDS].replace("T", " ") if text else ""
