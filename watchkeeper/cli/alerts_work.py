"""What the commands of ``watchkeeper alerts`` do: each asks the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from alerts.rules_document import AnySecret, read_rules, without_secrets
from alerts.rules_file import load_rules
from watchkeeper.cli import alerts_print
from watchkeeper.cli.alert_engine import try_channel
from watchkeeper.cli.alert_rules_work import plain_document
from watchkeeper.cli.alerting import alert_secrets
from watchkeeper.cli.asking import Output, Question, api, show
from watchkeeper.cli.durations import duration
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

_ROOT = "/v1/alerts"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Silence:
    """What somebody asks to be muted."""

    reason: str
    length: str
    after: str
    where: Sequence[str]


@dataclass(frozen=True, slots=True)
class Trial:
    """What somebody wants to see of the past."""

    period: str
    rules: Path | None
    """None: those in force."""


def try_one(settings: Settings, url: str, channel: str) -> str:
    """Send a test message; why it did not get through, empty where it did. Raises :class:`ConfigError`.

    Where this process has a rules file of its own and is not told whom to ask, it sends by itself: the file can be
    tried before anything runs on it.
    """
    if settings.alert_rules_file is not None and not (url or settings.api_url):
        rules = load_rules(settings.alert_rules_file, alert_secrets(settings))
        return try_channel(rules, channel, settings, SystemClock())
    with api(settings, url, alerts=True) as asked:
        answer = asked.send("POST", f"{_ROOT}/channels/{quote(channel, safe='')}/test")
    return str(answer["error"] or "")


def show_messages(settings: Settings, url: str, query: Mapping[str, Any], as_json: bool) -> None:
    """Print messages, the latest first."""
    question = Question(f"{_ROOT}/messages", query)
    show(settings, url, question, _output(as_json), alerts_print.print_messages)


def show_why(settings: Settings, url: str, event: str, as_json: bool) -> None:
    """Print what was decided about ``event``."""
    question = Question(f"{_ROOT}/why/{quote(event, safe='')}", {})
    show(settings, url, question, _output(as_json), alerts_print.print_why)


def show_preview(settings: Settings, url: str, trial: Trial, as_json: bool) -> None:
    """Print what rules would have sent."""
    body: dict[str, Any] = {"days": duration(trial.period, "--period") / _DAY}
    if trial.rules is not None:
        document = plain_document(trial.rules)
        read_rules(document, AnySecret(), f"alert rules file {trial.rules} is wrong")
        body["rules"] = without_secrets(document)
    question = Question(f"{_ROOT}/preview", {}, orjson.dumps(body), alerts=True)
    show(settings, url, question, _output(as_json), alerts_print.print_preview)


def set_mute(settings: Settings, url: str, wanted: Silence) -> str:
    """Set the mute; what to say of it."""
    begin = SystemClock().now() + (duration(wanted.after, "--in") if wanted.after else timedelta(0))
    end = begin + duration(wanted.length, "--for")
    body = {"reason": wanted.reason, "match": _match(wanted.where), "from": begin.isoformat(), "to": end.isoformat()}
    with api(settings, url, alerts=True) as asked:
        made = asked.post(f"{_ROOT}/mutes", body)
    return f"{made['id']}: muted until {end:%Y-%m-%d %H:%M:%S} UTC"


def lift(settings: Settings, url: str, mute_id: str) -> None:
    """End a mute."""
    with api(settings, url, alerts=True) as asked:
        asked.send("DELETE", f"{_ROOT}/mutes/{quote(mute_id, safe='')}")


def show_mutes(settings: Settings, url: str, as_json: bool) -> None:
    """Print those that stand."""
    question = Question(f"{_ROOT}/mutes", {}, alerts=True)
    show(settings, url, question, _output(as_json), alerts_print.print_mutes)


def acknowledge(settings: Settings, url: str, event: str, comment: str) -> str:
    """Say that somebody looks after ``event``; what to say of it."""
    with api(settings, url) as asked:
        made = asked.post(f"{_ROOT}/acknowledge/{quote(event, safe='')}", {"comment": comment})
    return f"{made['event']}: acknowledged by {made['made_by']}"


def _output(as_json: bool) -> Output:
    return Output.JSON if as_json else Output.TABLE


def _match(words: Sequence[str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise ConfigError(f"--where {word[:60]!r}: write NAME=WORD, such as service=shop or model=gpt-*")
        if name == "effect":
            chosen[name] = _number(value)
        else:
            chosen.setdefault(name, []).append(value)
    return chosen


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"--where effect={text[:40]!r}: write the least relative size, such as effect=0.2") from None
