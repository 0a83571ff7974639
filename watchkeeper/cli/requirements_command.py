"""``watchkeeper routes requirements``: what a route needs of its model."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from watchkeeper.cli.asking import ApiUrl, AsJson, Output, Question, api, show
from watchkeeper.cli.options import DataDir
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

Route = Annotated[str, typer.Argument(help="Name of the route, as calls have it.")]
_CLASSES = "real_time (95 % of the calls within 0.5 s), interactive (2 s), near_real_time (10 s) or batch."


def show_requirements(route: Route, as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """What a route needs: what somebody stated, else what its calls show."""
    question = Question(_path(route), {})
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, False), _draw)


def set_requirements(
    route: Route,
    task_type: Annotated[str, typer.Option(help="For people: what the route is for.")] = "",
    latency_class: Annotated[str, typer.Option(help=_CLASSES)] = "",
    max_usd_per_call: Annotated[str, typer.Option(help="Dollars that a useful call may cost.")] = "",
    max_usd_per_month: Annotated[str, typer.Option(help="Dollars that the route may cost a month.")] = "",
    min_context_tokens: Annotated[int, typer.Option(min=0, help="Input and output of one call together.")] = 0,
    takes: Annotated[list[str] | None, typer.Option(help="What prompts carry: text, image, audio, video, pdf.")] = None,
    gives: Annotated[list[str] | None, typer.Option(help="What answers carry.")] = None,
    structured_output: Annotated[bool | None, typer.Option(help="Answers keep to a schema.")] = None,
    tools: Annotated[bool | None, typer.Option(help="The model calls tools.")] = None,
    self_hosted_only: Annotated[bool | None, typer.Option(help="Calls stay on machines of your own.")] = None,
    own: Annotated[list[str] | None, typer.Option(help="Providers that are machines of your own.")] = None,
    provider: Annotated[list[str] | None, typer.Option(help="Calls go to these alone.")] = None,
    region: Annotated[list[str] | None, typer.Option(help="Calls are answered in these alone.")] = None,
    answers_in: Annotated[
        list[str] | None, typer.Option(help="PROVIDER=REGION: where a provider answers your calls, by contract.")
    ] = None,
    accuracy: Annotated[str, typer.Option(help="good_enough or must_be_correct.")] = "",
    margin: Annotated[
        list[str] | None, typer.Option(help="METRIC=SHARE that is not worse yet, such as latency=0.2.")
    ] = None,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """State what a route needs, as a whole; what is left out is inferred from its calls."""
    given: dict[str, Any] = {
        "task_type": task_type,
        "latency_class": latency_class,
        "max_usd_per_call": max_usd_per_call,
        "max_usd_per_month": max_usd_per_month,
        "min_context_tokens": min_context_tokens,
        "input_modalities": takes,
        "output_modalities": gives,
        "structured_output": structured_output,
        "tools": tools,
        "self_hosted_only": self_hosted_only,
        "self_hosted_providers": own,
        "providers": provider,
        "regions": region,
        "provider_regions": _regions(answers_in),
        "accuracy": accuracy,
        "margins": _margins(margin),
    }
    _state(route, given, url, Settings.load(data_dir=data_dir))


def delete_requirements(route: Route, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """Take back what was stated of a route; all of it is inferred then."""
    with api(Settings.load(data_dir=data_dir), url) as asked:
        asked.send("DELETE", _path(route))
    typer.echo(f"nothing is stated of {route} any more")


def _state(route: str, given: dict[str, Any], url: str, settings: Settings) -> None:
    body = {name: value for name, value in given.items() if value is not None and value not in ("", 0, [], {})}
    body |= {name: value for name, value in given.items() if value is False}
    if not body:
        raise ConfigError("nothing is stated: give an option such as --latency-class interactive (see --help)")
    with api(settings, url) as asked:
        _draw(asked.send("PUT", _path(route), body), Console())


def _regions(words: Sequence[str] | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words or ():
        name, value = _pair(word, "--answers-in", "PROVIDER=REGION")
        found.setdefault(name, []).append(value)
    return found


def _margins(words: Sequence[str] | None) -> dict[str, float]:
    found = {}
    for word in words or ():
        name, value = _pair(word, "--margin", "METRIC=SHARE")
        try:
            found[name] = float(value)
        except ValueError:
            raise ConfigError(f"--margin {word!r}: the share is a number, such as latency=0.2") from None
    return found


def _pair(word: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or not name or not value:
        raise ConfigError(f"{option} {word!r}: write {form}")
    return name, value


def _path(route: str) -> str:
    return f"/v1/routes/{quote(route)}/requirements"


def _draw(answer: Any, console: Console) -> None:
    console.print(f"{answer['route']}: {_source(answer)}", markup=False)
    table = Table("requirement", "value", "origin", "why")
    for one in answer["fields"]:
        told = (one["name"].replace("_", " "), _value(one["value"]), one["origin"], one["why"])
        table.add_row(*map(escape, told))
    console.print(table)


def _source(answer: Any) -> str:
    if answer["source"] == "file":
        return "stated in the requirements file"
    if answer["source"] == "api":
        return f"stated by {answer['changed_by']}, version {answer['version']}"
    return "nobody stated anything; all of it is inferred"


def _value(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}={_value(one)}" for name, one in value.items())
    return str(value)
