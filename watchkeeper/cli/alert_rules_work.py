"""What the commands of ``watchkeeper alerts rules`` do."""

import math
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import yaml
from rich.console import Console

from alerts.channels import senders
from alerts.rules_document import AnySecret, RulesDocument, check_from_afar, read_rules
from alerts.rules_file import read_document
from watchkeeper.cli.alerting import alert_secrets, channel_parts
from watchkeeper.cli.asking import Output, Question, api, show
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

_PATH = "/v1/alerts/rules"
_MOST_BYTES = 1024 * 1024
_MOST_PARTS = 100_000
"""Of a document with its anchors written out: a few lines of YAML can stand for millions of words."""


def plain_document(path: Path) -> RulesDocument:
    """A rules file as JSON has it. Raises :class:`ConfigError` where it is no mapping, or too large."""
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise ConfigError(f"alert rules file {path} is larger than {_MOST_BYTES:,} bytes")
    document = read_document(path)
    for count, _ in enumerate(_parts(document)):
        if count >= _MOST_PARTS:
            raise ConfigError(f"alert rules file {path} has more than {_MOST_PARTS:,} parts, its anchors written out")
    made: RulesDocument = orjson.loads(orjson.dumps(_plain(document)))
    return made


def show_rules(settings: Settings, url: str, as_json: bool) -> None:
    """Print the rules in force."""
    show(settings, url, Question(_PATH, {}, alerts=True), Output.JSON if as_json else Output.TABLE, _draw)


def check_rules(settings: Settings, path: Path) -> str:
    """What to say of a file that is right. Raises :class:`ConfigError` for one that is wrong."""
    document, secrets = plain_document(path), alert_secrets(settings)
    wrong = f"alert rules file {path} is wrong"
    rules = read_rules(document, secrets or AnySecret(), wrong)
    if secrets:
        for one in senders(rules, channel_parts(settings, SystemClock())).values():
            one.close()
    counts = f"{len(rules.channels)} channels, {len(rules.rules)} rules, {len(rules.mutes)} mutes"
    without = "" if secrets else "; secrets were not looked up, as none are set here"
    return f"{path}: right: {counts}{without}"


def set_rules(settings: Settings, url: str, path: Path, version: int | None) -> str:
    """Set all rules; what to say of it. Raises :class:`ConfigError` for a file that is wrong."""
    document = plain_document(path)
    check_from_afar(document, read_rules(document, AnySecret(), f"alert rules file {path} is wrong"))
    seen = {} if version is None else {"If-Match": f'"{version}"'}
    with api(settings, url, alerts=True) as asked:
        made = asked.put(_PATH, document, seen)
    return f"version {made['version']} of the alert rules counts"


def _draw(answer: Any, _: Console) -> None:
    if answer["rules"] is None:
        sys.stdout.write("# there are no alert rules yet: `watchkeeper alerts rules set FILE`\n")
        return
    where = f"of {answer['file']}" if answer["file"] else f"version {answer['version']}, by {answer['changed_by']}"
    sys.stdout.write(f"# {where}\n")
    yaml.safe_dump(answer["rules"], sys.stdout, sort_keys=False, allow_unicode=True, width=math.inf)


def _parts(value: Any) -> Iterator[Any]:
    """Every value inside ``value``, without recursion: what is nested too deeply ends with the count."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set):
            waiting += one


def _plain(value: Any) -> Any:
    """Dates as text, keys as words."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime | date) else value
