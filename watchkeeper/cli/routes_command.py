"""``watchkeeper routes``: which models serve a route."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from watchkeeper.choices import ExportForm
from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, Output, Question, api, show
from watchkeeper.cli.options import DataDir
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

Route = Annotated[str, typer.Argument(help="Name of the route.")]
_MODEL = "PROVIDER/MODEL"
_MOST = 10_000
_WAIT_S = 20.0
_NOTES = "watchkeeper-notes"


def list_routes(
    observed: Annotated[bool, typer.Option(help="Routes without weights, too, as their calls are.")] = True,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """All routes with the models that serve them."""
    question = Question("/v1/routes", {"observed": observed, "limit": _MOST})
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), _draw_all)


def show_route(route: Route, as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """One route: its models, shadows and fallbacks, who set them and why."""
    show(Settings.load(data_dir=data_dir), url, Question(_path(route), {}), Output.of(as_json, False), _draw_one)


def set_route(
    route: Route,
    targets: Annotated[
        list[str], typer.Option("--to", help=f"{_MODEL}=PERCENT, e.g. openai/gpt-4o=95; repeated, together 100.")
    ],
    fallback: Annotated[list[str] | None, typer.Option(help=f"{_MODEL}, tried in the order given.")] = None,
    shadow: Annotated[list[str] | None, typer.Option(help=f"{_MODEL}=PERCENT of calls that are copied to it.")] = None,
    reason: Annotated[str, typer.Option(help="For people.")] = "",
    version: Annotated[int | None, typer.Option(help="The version you saw: refused where it is another one.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also while a migration sets them.")] = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Set all weights of a route by hand, e.g. --to openai/gpt-4o=95 --to openai/gpt-4.1-mini=5."""
    body = {
        "targets": [_weighted(word, "--to") for word in targets],
        "fallbacks": [_named(word) for word in fallback or ()],
        "shadow": [_weighted(word, "--shadow") for word in shadow or ()],
        "reason": reason,
    }
    seen = {} if version is None else {"If-Match": f'"{version}"'}
    with api(Settings.load(data_dir=data_dir), url) as asked:
        made = asked.put(_path(route), body, seen, force=str(force).lower())
    sys.stdout.write(json.dumps(made, indent=2, ensure_ascii=False) + "\n")


def export_routes(
    route: Annotated[str, typer.Argument(help="Name of the route; without it all that have weights.")] = "",
    form: Annotated[ExportForm, typer.Option("--format", help="Whose form.")] = ExportForm.LITELLM,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Print routes as LiteLLM, OpenRouter, Portkey or a shell reads them; notes go to standard error."""
    path = f"{_path(route)}/export" if route else "/v1/routes/export"
    with api(Settings.load(data_dir=data_dir), url) as asked:
        answer = asked.table(path, "*/*", format=form.value)
    sys.stdout.buffer.write(answer.content)
    sys.stdout.buffer.flush()
    for note in json.loads(answer.headers.get(_NOTES, "[]")):
        sys.stderr.write(f"watchkeeper: {note}\n")


def watch_routes(
    route: Annotated[list[str] | None, typer.Argument(help="Only these routes.")] = None,
    changes: Annotated[int, typer.Option(min=0, help="End after so many changes; 0: never.")] = 0,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Print the weights, and again as soon as they change, a line of JSON a route. Ends with Ctrl-C."""
    query = {"observed": False, "limit": _MOST, "wait": _WAIT_S, **({"route": route} if route else {})}
    tag, told, seen = "", -1, dict[str, Any]()
    with api(Settings.load(data_dir=data_dir), url) as asked:
        while not changes or told < changes:
            answer = asked.changed("/v1/routes", tag, **query)
            if answer is not None:
                tag, told = answer.headers["ETag"], told + 1
                seen = _tell(answer.json()["rows"], seen)


def _tell(rows: Sequence[Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """Print what is new since ``seen``; gives what is there now."""
    for row in rows:
        if row != seen.get(row["route"]):
            typer.echo(json.dumps(row, ensure_ascii=False))
    return {row["route"]: row for row in rows}


def _path(route: str) -> str:
    return f"/v1/routes/{quote(route, safe='/')}"


def _weighted(word: str, option: str) -> dict[str, Any]:
    model, _, percent = word.rpartition("=")
    if not model or not percent.isdecimal():
        raise ConfigError(f"{option} {word!r}: write {_MODEL}=PERCENT, such as openai/gpt-4o=95")
    return {**_named(model), "weight": int(percent)}


def _named(word: str) -> dict[str, str]:
    provider, slash, model = word.partition("/")
    if not slash or not model:
        raise ConfigError(f"{word!r} names no provider: write {_MODEL}, such as openai/gpt-4o, or /gpt-4o for none")
    return {"provider": provider, "model": model}


def _draw_all(answer: Any, console: Console) -> None:
    table = Table("route", "models", "shadow", "fallbacks", "since")
    for row in answer["rows"]:
        lists = (escape(_models(row[name])) for name in ("targets", "shadow", "fallbacks"))
        table.add_row(escape(row["route"]), *lists, escape(_since(row)))
    console.print(table)
    if not answer["complete"]:
        console.print(f"These are the first {_MOST:,}.")


def _draw_one(row: Any, console: Console) -> None:
    lines = {
        "route": row["route"],
        "models": _models(row["targets"]),
        "shadow": _models(row["shadow"]) or "none",
        "fallbacks": _models(row["fallbacks"]) or "none",
        "since": _since(row),
        "reason": row["reason"] or "none given",
        "migration": row["migration_id"] or "none",
    }
    for name, text in lines.items():
        console.print(f"{name:10} {text}", markup=False)


def _models(targets: Sequence[Any]) -> str:
    return ", ".join(
        f"{one['provider']}/{one['model']}" + (f" {one['weight']}\u00a0%" if one["weight"] else "") for one in targets
    )


def _since(row: Any) -> str:
    if row["source"] == "observed":
        return f"observed, {row['calls']:,} calls in the last week; nobody has set weights"
    return f"version {row['version']}, {row['changed_at'][:16].replace('T', ' ')} UTC by {row['changed_by']}"
