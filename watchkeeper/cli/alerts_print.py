"""What the commands of ``alerts`` print for people."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.mutes import Mute
from alerts.preview import Preview
from watchkeeper.storage.alert_decisions import DecisionRow
from watchkeeper.storage.alert_deliveries import Delivery

_MOST_UNTOLD = 50


def print_deliveries(rows: Sequence[Delivery], console: Console) -> None:
    """Messages, as their latest attempt left them."""
    if not rows:
        console.print("No message was sent yet, or tried.")
        return
    table = Table("made", "channel", "verdict", "severity", "title", "outcome")
    for row in rows:
        outcome = row.outcome.value if not row.error else f"{row.outcome.value}, attempt {row.attempt}: {row.error}"
        words = (row.channel, row.verdict, row.severity, row.title, outcome)
        table.add_row(_moment(row.made_at), *(escape(word) for word in words))
    console.print(table)


def print_why(decisions: Sequence[DecisionRow], deliveries: Sequence[Delivery], console: Console) -> None:
    """Every change of mind about one event, and what became of its messages."""
    for row in decisions:
        until = f" (until {_moment(row.until)})" if row.until else ""
        where = f"{row.channel}, rule {row.rule}" if row.channel else "no channel"
        console.print(f"{_moment(row.at)}  {escape(where)}: {row.verdict}: {escape(row.reason)}{until}", soft_wrap=True)
    if deliveries:
        print_deliveries(deliveries, console)


def print_preview(preview: Preview, console: Console) -> None:
    """Messages, then what was not told and why."""
    table = Table("at", "channel", "verdict", "severity", "title")
    for one in preview.messages:
        words = (one.channel, one.verdict.value, one.severity.value, one.title)
        table.add_row(_moment(one.at), *(escape(word) for word in words))
    if preview.messages:
        console.print(table)
    console.print(f"{len(preview.messages)} messages about {preview.events} events.")
    for name, reason in preview.untold[:_MOST_UNTOLD]:
        console.print(f"  not told: {escape(name)}: {escape(reason)}", soft_wrap=True)
    if not preview.complete:
        console.print("There are more events than can be looked at: choose a shorter period.")


def print_mutes(mutes: Sequence[Mute], console: Console) -> None:
    """Those that stand."""
    if not mutes:
        console.print("Nothing is muted.")
        return
    table = Table("id", "what", "from", "to", "by", "reason")
    for mute in mutes:
        table.add_row(
            mute.id or "(rules file)",
            escape(_matched(mute)),
            _moment(mute.begin) if mute.begin else "",
            _moment(mute.end) if mute.end else "by the hours",
            escape(mute.made_by),
            escape(mute.reason),
        )
    console.print(table)


def _matched(mute: Mute) -> str:
    named = mute.match.model_dump(exclude_defaults=True)
    return ", ".join(
        f"{name} {value if isinstance(value, float) else ' or '.join(value)}" for name, value in named.items()
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
