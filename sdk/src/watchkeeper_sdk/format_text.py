"""An answer as text: its size, its Markdown fences, and whether it is JSON."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from watchkeeper_sdk.format_verdict import Verdict

_LARGEST: Final = 1_000_000
"""Characters, or bytes, of a text that is still checked: checking runs on the thread of the caller."""

_LONGEST_FENCE: Final = 40
"""Characters of the line that opens a fence, such as three backticks and ``json``."""

_FENCE: Final = "```"

TOO_LARGE: Final = Verdict(None, "too large to check")
NOT_UTF8: Final = Verdict(False, "not UTF-8")
FENCED: Final = Verdict(False, "not JSON: Markdown fence")
TOO_DEEP: Final = Verdict(None, "nested too deeply to check")


def is_too_large(answer: object) -> bool:
    """Only texts have a size; what is parsed already has cost its caller more than a check will."""
    return isinstance(answer, str | bytes | bytearray) and len(answer) > _LARGEST


def as_text(answer: object) -> str | None:
    """The answer's text; None for what is no text. Raises UnicodeDecodeError."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, bytes | bytearray):
        return answer.decode()
    return None


def without_fence(text: str) -> str:
    """The content of the one fenced block that is the whole text; any other text as it is."""
    stripped = text.strip()
    if not (is_fenced(stripped) and stripped.endswith(_FENCE)):
        return text
    opening, newline, content = stripped.partition("\n")
    if not newline or len(opening) > _LONGEST_FENCE or len(content) < len(_FENCE):
        return text
    return content[: -len(_FENCE)]


def is_fenced(text: str) -> bool:
    """Whether a Markdown fence opens the text."""
    return text.lstrip().startswith(_FENCE)


def read_json(text: str) -> Verdict:
    """Is ``text`` JSON as RFC 8259 has it (so no NaN)? The value is what it was parsed into."""
    try:
        return Verdict(True, value=_DECODER.decode(text))
    except json.JSONDecodeError as error:
        return FENCED if is_fenced(text) else Verdict(False, f"not JSON: line {error.lineno}")
    except _NotANumberOfJson:
        return Verdict(False, "not JSON: NaN or Infinity")
    except RecursionError:
        return TOO_DEEP
    except ValueError:  # the interpreter's limit on the digits of an int
        return Verdict(None, "holds a number too long to check")


class _NotANumberOfJson(Exception):
    """Python's own reader takes NaN and Infinity; JSON does not know them."""


def _refuse_constant(name: str) -> NoReturn:
    raise _NotANumberOfJson(name)


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def plain(answer: Any) -> object:
    """Objects of pydantic as the JSON they stand for, everything else as it is."""
    dump = getattr(type(answer), "model_dump", None)
    return answer if dump is None else dump(answer, mode="json", by_alias=True)
