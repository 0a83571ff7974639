"""The reference of the command line, docs/commands.md, from the commands themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from watchkeeper.cli.commands import COMMANDS
from watchkeeper.cli.lazy_group import Entry, EntryGroup

_NO_DEFAULT: tuple[object, ...] = (None, "", False, (), [])


@dataclass(frozen=True, slots=True)
class Described:
    """One command with the words that call it."""

    words: str
    command: Any

    @property
    def options(self) -> list[Any]:
        """What may be given by name."""
        return [one for one in self.command.params if one.param_type_name == "option" and not one.hidden]

    @property
    def arguments(self) -> list[Any]:
        """What is given by place."""
        return [one for one in self.command.params if one.param_type_name == "argument"]


def described(entries: Sequence[Entry | EntryGroup] = COMMANDS, before: str = "watchkeeper") -> Iterator[Described]:
    """Every command, those of groups after their group's name."""
    for entry in entries:
        words = f"{before} {entry.name}"
        if isinstance(entry, Entry):
            yield Described(words, entry.load())
        else:
            yield from described(entry.entries, words)


def command_line() -> str:
    """A section a command: what it does, its arguments, a table of its options."""
    return "\n\n".join(_section(one) for one in described())


def _section(one: Described) -> str:
    words = [one.words, *map(_place, one.arguments)]
    parts = [f"## {one.words.removeprefix('watchkeeper ')}", f"`{' '.join(words)}`", one.command.help.strip()]
    parts += [f"`{_place(each)}`: {_sentence(each)}" for each in one.arguments if each.help]
    if one.options:
        rows = ["| option | default | meaning |", "| --- | --- | --- |", *map(_row, one.options)]
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _place(argument: Any) -> str:
    name = argument.name.upper()
    name = f"{name}…" if argument.nargs == -1 else name
    return name if argument.required else f"[{name}]"


def _row(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return f"| {names} | {_default(option)} | {_meaning(option)} |"


def _default(option: Any) -> str:
    value = option.default
    if isinstance(value, Enum):
        return f"`{value.value}`"
    return "" if value in _NO_DEFAULT or option.is_flag else f"`{value}`"


def _meaning(option: Any) -> str:
    said = [_sentence(option)]
    if isinstance(option.default, Enum):
        said.append("One of " + ", ".join(f"`{choice.value}`" for choice in type(option.default)) + ".")
    if option.multiple and "epeated" not in option.help:
        said.append("May be repeated.")
    return " ".join(said)


def _sentence(parameter: Any) -> str:
    assert parameter.help, f"{parameter.name} has no help"
    return " ".join(parameter.help.split()).replace("|", "\\|")
