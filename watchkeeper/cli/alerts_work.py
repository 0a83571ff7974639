"""What the commands of ``watchkeeper alerts`` do."""

import contextlib
import json
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError
from rich.console import Console

from alerts.channels import sender
from alerts.mute_list import stored_mute, stored_mutes
from alerts.mutes import Mute
from alerts.preview import previewed
from alerts.rules_file import load_rules
from alerts.sending import Undelivered
from alerts.trial import trial_message
from watchkeeper.cli.access import Remote, store_or_api
from watchkeeper.cli.alerting import alert_secrets, channel_parts, rules_path
from watchkeeper.cli.alerts_print import print_deliveries, print_mutes, print_preview, print_why
from watchkeeper.cli.durations import duration
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError, WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.alert_decisions import decisions_about
from watchkeeper.storage.alert_deliveries import list_deliveries
from watchkeeper.storage.alert_mutes import lift_mute, save_mute
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import regression_history, regressions_that_begin
from watchkeeper.yaml_file import faults

_BY = "cli"


@dataclass(frozen=True, slots=True)
class Silence:
    """What somebody asks to be muted."""

    reason: str
    length: str
    after: str
    where: Sequence[str]


def try_channel(settings: Settings, channel: str) -> str:
    """Send a test message; why it did not get through, empty where it did. Raises :class:`ConfigError`."""
    clock = SystemClock()
    rules = load_rules(rules_path(settings), alert_secrets(settings))
    if channel not in rules.channels:
        raise ConfigError(f"there is no channel {channel!r} in the rules file: it has {', '.join(rules.channels)}")
    made = sender(channel, rules.channels[channel], channel_parts(settings, clock))
    try:
        made.send(trial_message(channel, clock.now(), uuid.uuid4().hex))
    except Undelivered as error:
        return str(error)
    finally:
        made.close()
    return ""


def show_messages(settings: Settings, channel: str, limit: int, as_json: bool) -> None:
    """Print messages, the latest first."""
    with _store(settings) as store:
        rows = list_deliveries(store, limit, channel=channel)
    _print_json(rows) if as_json else print_deliveries(rows, Console())


def show_why(settings: Settings, event: str, as_json: bool) -> None:
    """Print what was decided about ``event``. Raises :class:`WatchkeeperError` where nothing was."""
    with _store(settings) as store:
        event = _whole(store, event)
        decisions, sent = decisions_about(store, event), list_deliveries(store, 1_000, event=event)
        known = bool(regression_history(store, event))
    if not decisions and not sent:
        raise WatchkeeperError(
            f"nothing was decided about {event!r} yet: do the alerts run (`watchkeeper alerts run`, or `up` with "
            "WATCHKEEPER_ALERT_RULES_FILE)?"
            if known
            else f"there is no {event!r}: `watchkeeper regressions list` shows what there is"
        )
    _print_json([*decisions, *sent]) if as_json else print_why(decisions, sent, Console())


def show_preview(settings: Settings, period: str, as_json: bool) -> None:
    """Print what the rules file would have sent."""
    now, back = SystemClock().now(), duration(period, "--period")
    rules = load_rules(rules_path(settings), alert_secrets(settings))
    with _store(settings) as store:
        found = previewed(store, rules, stored_mutes(store, now), (now - back, now))
    _print_json(list(found.messages)) if as_json else print_preview(found, Console())


def set_mute(settings: Settings, wanted: Silence) -> str:
    """Store the mute; what to say of it. Raises :class:`ConfigError` for one that is wrong."""
    now = SystemClock().now()
    begin = now + (duration(wanted.after, "--in") if wanted.after else timedelta(0))
    raw = {"id": uuid.uuid4().hex[:12], "reason": wanted.reason, "match": _match(wanted.where), "made_by": _BY}
    try:
        made = Mute.model_validate({**raw, "from": begin, "to": begin + duration(wanted.length, "--for")})
    except ValidationError as error:
        raise ConfigError(f"this mute is wrong: {faults(error)}") from None
    with _store(settings) as store:
        save_mute(store, stored_mute(made, now))
    return f"{made.id}: muted until {made.end:%Y-%m-%d %H:%M:%S} UTC"


def lift(settings: Settings, mute_id: str) -> None:
    """Raises :class:`WatchkeeperError` where none of that id stands."""
    with _store(settings) as store:
        if not lift_mute(store, mute_id, _BY, SystemClock().now()):
            raise WatchkeeperError(f"no mute {mute_id!r} stands: `watchkeeper alerts mutes` lists those that do")


def show_mutes(settings: Settings, as_json: bool) -> None:
    """Print those that stand."""
    with _store(settings) as store:
        found = stored_mutes(store, SystemClock().now())
    _print_json(list(found)) if as_json else print_mutes(found, Console())


@contextlib.contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    """The store itself. Raises :class:`WatchkeeperError` where a running ``up`` holds it."""
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            raise WatchkeeperError(
                f"a running process holds {settings.data_dir}, and its API does not know alerts yet: end it first, or "
                "write mutes into the rules file, which it reads again when it changes"
            )
        yield access


def _whole(store: Store, begin: str) -> str:
    """The id that begins so, where one does. Raises :class:`WatchkeeperError` where several do."""
    found = regressions_that_begin(store, begin, 3)
    if len(found) > 1 and begin not in found:
        raise WatchkeeperError(f"several ids begin with {begin!r}, such as {found[0]} and {found[1]}: write more of it")
    return found[0] if len(found) == 1 else begin


def _match(words: Sequence[str]) -> dict[str, Any]:
    chosen: dict[str, list[str]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise ConfigError(f"--where {word[:60]!r}: write NAME=WORD, such as service=shop or model=gpt-*")
        chosen.setdefault(name, []).append(value)
    return chosen


def _print_json(rows: Sequence[Any]) -> None:
    plain = [row.model_dump(mode="json") if isinstance(row, BaseModel) else _plain(row) for row in rows]
    sys.stdout.write(json.dumps(plain, indent=2, ensure_ascii=False) + "\n")


def _plain(row: Any) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in row.__slots__}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in fields.items()}
