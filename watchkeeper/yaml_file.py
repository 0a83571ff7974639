"""Files that users write in YAML: read and checked, with errors that name the file, the place and the mend."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from watchkeeper.errors import ConfigError

_ERRORS_SHOWN = 10


def read_yaml(path: Path, kind: str) -> Any:
    """What ``path`` (a ``kind`` of file, for the message) says. Raises :class:`ConfigError` where it cannot be read."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(f"{kind} {path} cannot be read: {reason}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{kind} {path} is not YAML: {' '.join(str(error).split())}") from None
    except ValueError as error:
        # YAML takes 2026-13-01 for a date and reads it before anyone knows where it stands.
        raise ConfigError(
            f"{kind} {path} holds a date that does not exist ({error}): write one as 2026-10-01 or 2026-10-01T08:00:00Z"
        ) from None


def faults(error: ValidationError) -> str:
    """Each thing that is wrong with its place, the first ten of them."""
    shown = error.errors(include_url=False)[:_ERRORS_SHOWN]
    found = [f"{_place(e['loc'])}: {e['msg'].removeprefix('Value error, ')}" for e in shown]
    more = error.error_count() - len(found)
    return "; ".join(found) + (f"; and {more} more" if more > 0 else "")


def _place(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "file"
