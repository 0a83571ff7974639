"""``watchkeeper migrations``: routes on their way to another model."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, Output, Question, api, show
from watchkeeper.cli.options import DataDir
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

MigrationId = Annotated[str, typer.Argument(help="Id, as `watchkeeper migrations list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="For people: why.")]
_MODEL = "PROVIDER/MODEL"
_ID = 32
"""Characters of an id."""
_MINUTES = 16
"""Characters of an ISO time up to the minute."""


def list_migrations(
    route: Annotated[str, typer.Option(help="Of this route alone.")] = "",
    active: Annotated[bool | None, typer.Option("--active/--ended", help="Only those under way, or ended.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """All migrations and how they stand."""
    question = Question("/v1/migrations", {"route": route, "active": None if active is None else str(active).lower()})
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), _draw_all)


def show_migration(
    migration_id: MigrationId, as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None
) -> None:
    """One migration: how it stands, what its phase still needs, every decision."""
    show(Settings.load(data_dir=data_dir), url, Question(_path(migration_id), {}), Output.of(as_json, False), _draw_one)


def start(
    route: Annotated[str, typer.Argument(help="Name of the route.")],
    candidate: Annotated[str, typer.Option("--to", help=f"{_MODEL} to go to, e.g. openai/gpt-4o-mini.")],
    reason: Reason,
    baseline: Annotated[str, typer.Option("--from", help=f"{_MODEL} to leave; default: the one used most.")] = "",
    begin_with: Annotated[
        str, typer.Option(help="evaluation, shadow or canary_5: leave out what comes before.")
    ] = "evaluation",
    limit: Annotated[list[str] | None, typer.Option(help="NAME=NUMBER of a trigger, e.g. error_ratio=1.5.")] = None,
    gate: Annotated[list[str] | None, typer.Option(help="PHASE.NAME=NUMBER, e.g. canary_5.calls=500.")] = None,
    score: Annotated[str, typer.Option(help="Feedback that tells satisfaction; default: given most often.")] = "",
    advice: Annotated[str, typer.Option(help="Id of the advice that is followed.")] = "",
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Begin a migration of a route, e.g. start chat --to openai/gpt-4o-mini --reason "a third of the cost"."""
    body = {
        "route": route,
        "candidate": _served(candidate, "--to"),
        "baseline": _served(baseline, "--from") if baseline else None,
        "begin_with": begin_with,
        "limits": _numbers(limit, "--limit"),
        "gates": _numbers(gate, "--gate"),
        "score": score,
        "advice": advice,
        "reason": reason,
    }
    with api(Settings.load(data_dir=data_dir), url) as asked:
        made = asked.post("/v1/migrations", body)
    sys.stdout.write(json.dumps(made, indent=2, ensure_ascii=False) + "\n")


def promote(migration_id: MigrationId, reason: Reason, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """On to the next phase, whatever its gate says."""
    _act(Settings.load(data_dir=data_dir), url, migration_id, "promote", reason)


def pause(migration_id: MigrationId, reason: Reason, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """No promotion until it is resumed; triggers still roll back."""
    _act(Settings.load(data_dir=data_dir), url, migration_id, "pause", reason)


def resume(migration_id: MigrationId, reason: Reason, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """Go on, with the weights of the phase."""
    _act(Settings.load(data_dir=data_dir), url, migration_id, "resume", reason)


def rollback(migration_id: MigrationId, reason: Reason, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """Back to the weights of before, at once."""
    _act(Settings.load(data_dir=data_dir), url, migration_id, "rollback", reason)


def cancel(migration_id: MigrationId, reason: Reason, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """End it, back to the weights of before."""
    _act(Settings.load(data_dir=data_dir), url, migration_id, "cancel", reason)


def report(migration_id: MigrationId, as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """What a migration came to, as Markdown: quality, latency, cost, time, decisions."""
    path = f"{_path(migration_id)}/report"
    with api(Settings.load(data_dir=data_dir), url) as asked:
        if as_json:
            sys.stdout.write(json.dumps(asked.get(path), indent=2, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(asked.table(path, "text/markdown", format="markdown").text)


def _act(settings: Settings, url: str, migration_id: str, action: str, reason: str) -> None:
    with api(settings, url) as asked:
        made = asked.post(f"{_path(migration_id)}/{action}", {"reason": reason})
    paused = " (paused)" if made["paused"] else ""
    typer.echo(f"{made['route']}: {made['phase']}{paused}")


def _path(migration_id: str) -> str:
    return f"/v1/migrations/{quote(migration_id, safe='')}"


def _served(word: str, option: str) -> dict[str, str]:
    provider, slash, model = word.partition("/")
    if not slash or not provider or not model:
        raise ConfigError(f"{option} {word!r}: write {_MODEL}, such as openai/gpt-4o")
    return {"provider": provider, "model": model}


def _numbers(words: Sequence[str] | None, option: str) -> dict[str, float]:
    found = {}
    for word in words or ():
        name, _, number = word.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise ConfigError(f"{option} {word!r}: write NAME=NUMBER") from None
    return found


def _draw_all(answer: Any, console: Console) -> None:
    # Whole, however narrow the terminal: the other commands ask for it.
    table = Table(Column("id", no_wrap=True, min_width=_ID), "route", "from", "to", "phase", "since (UTC)", "last step")
    for row in answer["rows"]:
        words = (row["id"], row["route"], row["baseline"]["model"], row["candidate"]["model"], _state(row))
        table.add_row(*map(escape, words), _time(row["phase_began_at"]), escape(row["last_reason"][:80]))
    console.print(table)
    if not answer["complete"]:
        console.print("There are older ones: name a --route, or --active.")


def _draw_one(answer: Any, console: Console) -> None:
    row, outlook = answer["migration"], answer["outlook"]
    models = [f"{row[arm]['provider']} {row[arm]['model']}" for arm in ("baseline", "candidate")]
    lines = {
        "migration": f"{row['id']} of route {row['route']}",
        "models": " to ".join(models),
        "phase": f"{_state(row)} since {_time(row['phase_began_at'])} UTC",
        "weights": _weights(answer["targets"]),
        "shadow": _weights(answer["shadow"]),
        "fallbacks": ", ".join(one["model"] for one in answer["fallbacks"]),
        "now": f"{outlook['step']}: {outlook['reason']}" if outlook else "it has ended",
        "compared": outlook["compared"] if outlook else "",
        **{f"warning {name}": reason for name, reason in row["warnings"].items()},
    }
    for name, text in lines.items():
        if text:
            console.print(f"{name:14} {text}", markup=False, highlight=False, soft_wrap=True)
    table = Table("#", "at (UTC)", "step", "phase", "by", "reason")
    for one in answer["decisions"]:
        words = (one["step"], one["phase"], one["decided_by"], one["reason"])
        table.add_row(str(one["seq"]), _time(one["decided_at"]), *map(escape, words))
    console.print(table)


def _weights(targets: Sequence[Any]) -> str:
    return ", ".join(f"{one['model']} {one['weight']} %" for one in targets)


def _state(row: Any) -> str:
    return f"{row['phase']}{' (paused)' if row['paused'] else ''}{' !' if row['warnings'] else ''}"


def _time(moment: str) -> str:
    return moment[:_MINUTES].replace("T", " ")
