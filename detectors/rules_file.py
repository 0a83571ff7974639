"""The user's rules: a YAML file that says per service, route, provider, model or metric how calls are watched.

rules:
  - route: nightly-report
    watch: false
  - model: gpt-4o*
    metric: latency
    tolerance: 0.1
    pin_from: 2026-10-01T08:00:00Z
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from detectors.config import Rule
from detectors.metrics import METRICS
from detectors.score_metrics import ANY_SCORE, PREFIX
from watchkeeper.errors import ConfigError
from watchkeeper.yaml_file import read_yaml

_MOST_RULES = 1_000
_ERRORS_SHOWN = 10
_KEYS = "service, route, provider, model, metric, watch, tolerance, direction, severity, pin_from"

DirectionName = Literal["up", "down", "both"]
SeverityName = Literal["page", "notice"]


def _metric(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(PREFIX) and len(value) > len(PREFIX):
        return value
    if value not in METRICS:
        raise ValueError(
            f"{value!r} is no metric: write one of {', '.join(METRICS)}, or {PREFIX} and the name of a score"
            f" ({ANY_SCORE} for all)"
        )
    return value


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise ValueError("write a date and time as 2026-10-01T08:00:00Z")
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def _choice(values: Any) -> BeforeValidator:
    def chosen(value: Any) -> Any:
        if value not in get_args(values):
            raise ValueError(f"{value!r} is not known: write one of {', '.join(get_args(values))}")
        return value

    return BeforeValidator(chosen)


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


Word = Annotated[str, Field(min_length=1, max_length=300)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    service: Word = ""
    route: Word = ""
    provider: Word = ""
    model: Word = ""
    metric: Annotated[str, BeforeValidator(_metric)] = ""
    watch: Annotated[bool | None, BeforeValidator(_flag)] = None
    tolerance: Annotated[float | None, Field(ge=0, le=10, allow_inf_nan=False)] = None
    direction: Annotated[DirectionName | None, _choice(DirectionName)] = None
    severity: Annotated[SeverityName | None, _choice(SeverityName)] = None
    pin_from: Annotated[float | None, BeforeValidator(_moment)] = None


def load_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of ``path``, in their order. Raises :class:`ConfigError` naming file, rule, key and mend."""
    raw = read_yaml(path, "rules file")
    if raw is None:
        return ()
    if not isinstance(raw, dict) or set(raw) != {"rules"} or not isinstance(raw["rules"] or [], list):
        raise ConfigError(f"rules file {path} must be a mapping with one key, `rules`, that holds a list")
    entries = raw["rules"] or []
    if len(entries) > _MOST_RULES:
        raise ConfigError(f"rules file {path} has {len(entries)} rules: write at most {_MOST_RULES}")
    wrong: list[str] = []
    rules = tuple(rule for number, entry in enumerate(entries, 1) if (rule := _rule(entry, number, wrong)))
    if wrong:
        more = f"; and {len(wrong) - _ERRORS_SHOWN} more" if len(wrong) > _ERRORS_SHOWN else ""
        raise ConfigError(f"rules file {path} is wrong: {'; '.join(wrong[:_ERRORS_SHOWN])}{more}")
    return rules


def _rule(entry: Any, number: int, wrong: list[str]) -> Rule | None:
    if not isinstance(entry, dict):
        wrong.append(f"rule {number}: it is no mapping: write keys among {_KEYS}")
        return None
    try:
        return Rule(**_Entry.model_validate(entry).model_dump())
    except ValidationError as error:
        wrong.extend(f"rule {number}, {_told(found)}" for found in error.errors(include_url=False))
        return None


def _told(error: Any) -> str:
    key = error["loc"][0] if error["loc"] else "the rule"
    if error["type"] == "extra_forbidden":
        return f"{key}: there is no such key: write one of {_KEYS}"
    return f"{key}: {error['msg'].removeprefix('Value error, ')}"
