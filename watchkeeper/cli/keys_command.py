"""``watchkeeper keys``: makes, lists, rotates and revokes API keys, through the API of a running process or here."""

import json
import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from watchkeeper.choices import Scope
from watchkeeper.cli.asking import ApiUrl, AsJson, api
from watchkeeper.cli.durations import duration
from watchkeeper.cli.options import DataDir
from watchkeeper.clock import SystemClock
from watchkeeper.settings import Settings

Name = Annotated[str, typer.Argument(help="Name of the key.")]
_NEVER = "never"


def create(
    name: Name,
    scope: Annotated[list[Scope], typer.Option(help="What it may do; may be repeated.")],
    tenant: Annotated[
        list[str] | None, typer.Option(help="It sees calls of this tenant only; may be repeated.")
    ] = None,
    expires: Annotated[str, typer.Option(help="After how long it ends by itself, e.g. 90d; or: never.")] = "365d",
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Make a key; its secret is printed to standard output, once."""
    end = None if expires == _NEVER else SystemClock().now() + duration(expires, "--expires")
    body = {
        "name": name,
        "scopes": [str(one) for one in scope],
        "tenants": tenant or [],
        "expires_at": end and end.isoformat(),
    }
    with api(Settings.load(data_dir=data_dir), url) as asked:
        _print_secret(asked.post("/v1/keys", body))


def list_keys(as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """All keys, the newest first, without their secrets."""
    with api(Settings.load(data_dir=data_dir), url) as asked:
        found = asked.get("/v1/keys")
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    table = Table("name", "state", "scopes", "tenants", "created", "expires", "last used")
    for key in found:
        tenants = ", ".join(key["tenants"]) or "all"
        times = (_day(key["created_at"]), _day(key["expires_at"]) or _NEVER, _day(key["used_at"]) or _NEVER)
        table.add_row(key["name"], key["state"], ", ".join(key["scopes"]), tenants, *times)
    Console().print(table)


def rotate(
    name: Name,
    overlap: Annotated[str, typer.Option(help="How long the key before still opens.")] = "24h",
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Make a successor with the same name and rights; its secret is printed to standard output, once."""
    body = {"overlap_s": int(duration(overlap, "--overlap").total_seconds())}
    with api(Settings.load(data_dir=data_dir), url) as asked:
        _print_secret(asked.post(f"/v1/keys/{quote(name, safe='')}/rotate", body))
    typer.echo(f"the keys of that name before it end in {overlap}", err=True)


def revoke(name: Name, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """End every key of that name; processes that know it follow within seconds."""
    with api(Settings.load(data_dir=data_dir), url) as asked:
        revoked = asked.post(f"/v1/keys/{quote(name, safe='')}/revoke", None)["revoked"]
    typer.echo(f"revoked {revoked} {'key' if revoked == 1 else 'keys'} named {name}")


def _print_secret(answer: Any) -> None:
    key = answer["key"]
    tenants = ", ".join(key["tenants"]) or "all"
    end = _day(key["expires_at"]) or _NEVER
    typer.echo(f"key {key['name']}: {', '.join(key['scopes'])}; tenants: {tenants}; expires: {end}", err=True)
    typer.echo("This is its secret; it is not shown again:", err=True)
    typer.echo(answer["secret"])


def _day(moment: str | None) -> str:
    return moment[:10] if moment else ""
