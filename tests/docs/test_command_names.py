"""Commands that the running text names are there, with the options that it gives them."""

from pathlib import Path

import pytest

from tests.docs.command_reference import described
from tests.docs.page_commands import PAGES, Command, inline, name_of

pytestmark = pytest.mark.docs

OPTIONS = {
    one.words: {name for option in one.options for name in (*option.opts, *option.secondary_opts)}
    for one in described()
}
GROUPS = {words.rsplit(" ", 1)[0] for words in OPTIONS} - {"watchkeeper"}


def _of(words: list[str]) -> str:
    """The longest beginning of ``words`` that is a command or a group; empty where there is none."""
    beginnings = (" ".join(words[:end]) for end in range(len(words), 1, -1))
    return next((one for one in beginnings if one in OPTIONS or one in GROUPS), "")


def _wrong(command: Command) -> str:
    words = [word.strip("[](),") for word in command.text.split()]
    found = _of(words)
    if not found:
        return f"{command}: there is no such command"
    known = OPTIONS.get(found)
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    if found in GROUPS and not given and len(words) > found.count(" ") + 1 and words[found.count(" ") + 1].islower():
        return f"{command}: `{found}` has no such command"
    return f"{command}: no option {given - known - {'--help'}}" if known and given - known - {"--help"} else ""


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_named_on_the_page_are_there(page: Path) -> None:
    assert not [wrong for command in inline(page) if (wrong := _wrong(command))]
