"""The blocks of docs/instrument.md: which recipe each belongs to, and in which file of it.

A mark says so: ``<!-- recipe: NAME -->`` or ``<!-- recipe: NAME FILE -->`` stands before the fence. What a reader need
not see (a prompt, a broker for the test) stands inside such a comment. The blocks of one file follow one another as
they do on the page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "instrument.md"
MAIN = "main.py"

_BLOCK = re.compile(
    r"""
    ^<!--\ recipe:\ (?P<hidden_recipe>[\w-]+)(?:\ (?P<hidden_file>[\w.]+))?\n(?P<hidden>.*?)^-->$
    | (?:^<!--\ recipe:\ (?P<recipe>[\w-]+)(?:\ (?P<file>[\w.]+))?\ -->\n)?
      ^```(?P<language>\w*)\n(?P<code>.*?)^```$
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of code. ``language`` is empty for hidden ones; ``recipe`` where no mark names one."""

    language: str
    recipe: str
    file: str
    code: str
    line: int
    """Of its first line on the page."""


def blocks(page: str) -> Iterator[Block]:
    """Every block of ``page``, hidden ones too."""
    for found in _BLOCK.finditer(page):
        hidden = found["hidden_recipe"] is not None
        group = "hidden" if hidden else "code"
        yield Block(
            language=found["language"] or "",
            recipe=found["hidden_recipe"] or found["recipe"] or "",
            file=found["hidden_file"] or found["file"] or MAIN,
            code=found[group],
            line=page.count("\n", 0, found.start(group)) + 1,
        )


def recipes(page: str) -> dict[str, dict[str, str]]:
    """Recipe → file → its text."""
    files: dict[str, dict[str, str]] = {}
    for block in blocks(page):
        if block.recipe:
            recipe = files.setdefault(block.recipe, {})
            before = recipe.get(block.file, "")
            recipe[block.file] = f"{before}# {PAGE.name}, line {block.line}\n{block.code}"
    return files
