"""What README and the pages tell people to type: lines of their ``sh`` and ``console`` blocks, and what is inline."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^ *```(?P<language>\S*)[^\n]*\n(?P<code>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(^|\s+)#(\s.*)?$")
_CONTINUED = re.compile(r"\\\n\s*")
_INLINE = re.compile(r"`(watchkeeper [^`\n]+)`")
_INSIDE = re.compile(r"^docker compose exec \S+ (watchkeeper [^\n#]+)", re.MULTILINE)
_OPERATORS = frozenset("|&;<>()")


@dataclass(frozen=True, slots=True)
class Command:
    """One line that somebody may type."""

    page: str
    line: int
    text: str
    """Without its comment; continued lines are joined."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"

    @property
    def is_simple(self) -> bool:
        """One program with its arguments: nothing is left to do for a shell."""
        return not any(set(word) <= _OPERATORS for word in self._words())

    def _words(self) -> list[str]:
        lexer = shlex.shlex(self.text, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        return list(lexer)


def name_of(page: Path) -> str:
    """As it is said in messages: ``docs/api.md``."""
    return page.relative_to(ROOT).as_posix()


def fences(page: Path) -> Iterator[tuple[str, int, str]]:
    """Language, line and code of each fenced block."""
    text = page.read_text()
    for found in _FENCE.finditer(text):
        yield found["language"], text.count("\n", 0, found.start("code")) + 1, found["code"]


def commands(page: Path) -> Iterator[Command]:
    """Lines of ``sh`` blocks, and those of ``console`` blocks that begin with a dollar, in their order."""
    for language, first, code in fences(page):
        if language not in ("sh", "console"):
            continue
        for at, line in _logical(code):
            typed = line.removeprefix("$ ") if language == "console" else line
            text = _COMMENT.sub("", typed).strip()
            if text and (language == "sh" or line.startswith("$ ")):
                yield Command(name_of(page), first + at, text)


def _logical(code: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in re.split(r"(?<!\\)\n", code):
        yield at, _CONTINUED.sub(" ", line)
        at += line.count("\n") + 1


def inline(page: Path) -> Iterator[Command]:
    """What the running text and the tables name as commands of ours, and what is run inside a container."""
    text = page.read_text()
    for found in (*_INLINE.finditer(text), *_INSIDE.finditer(text)):
        yield Command(name_of(page), text.count("\n", 0, found.start()) + 1, found[1])
