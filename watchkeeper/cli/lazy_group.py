"""A group whose commands live in modules that are imported when one of them is run, not when help lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its name, the ``module:function`` that is it, and the first paragraph of that function's docstring.

    ``kind`` decides what wrong arguments and errors come to.
    """

    name: str
    target: str
    help: str
    kind: type[TyperCommand] = TyperCommand

    def placeholder(self) -> TyperCommand:
        """What help lists; it cannot be run."""
        return TyperCommand(name=self.name, help=self.help)

    def load(self) -> Any:
        """The command itself. Raises :class:`ImportError` or :class:`AttributeError` where ``target`` names nothing."""
        module, function = self.target.split(":")
        made = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        made.command(self.name, cls=self.kind)(getattr(import_module(module), function))
        return typer.main.get_command(made)


@dataclass(frozen=True, slots=True)
class EntryGroup:
    """Commands under one word. ``default`` names the one that is meant where none is named."""

    name: str
    help: str
    entries: Sequence["Entry | EntryGroup"]
    default: str = ""


class LazyGroup(TyperGroup):
    """Lists ``entries`` in their order by their help lines and loads the one that is asked for, or ``default``."""

    def __init__(self, *, entries: Sequence[Entry | EntryGroup], default: str = "", **attrs: Any) -> None:
        super().__init__(**attrs)
        self._default = default
        self._entries = {entry.name: entry for entry in entries if isinstance(entry, Entry)}
        for entry in entries:
            self.add_command(entry.placeholder() if isinstance(entry, Entry) else _group(entry), entry.name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As any group's; options without a command go to the default."""
        if self._default and (not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names)):
            args = [self._default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As any group's, but the command comes with its module."""
        name, listed, rest = super().resolve_command(ctx, args)
        entry = self._entries.get(name or "")
        return name, entry.load() if entry else listed, rest


def _group(group: EntryGroup) -> LazyGroup:
    return LazyGroup(
        name=group.name,
        help=group.help,
        entries=group.entries,
        default=group.default,
        no_args_is_help=not group.default,
    )
