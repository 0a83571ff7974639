"""The list of commands: cheap to print, and true."""

import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from tests.cli.command import Watchkeeper
from watchkeeper import __version__
from watchkeeper.cli.commands import COMMANDS
from watchkeeper.cli.lazy_group import Entry, EntryGroup, LazyGroup

HEAVY = ("river", "scipy", "numpy", "chdb", "fastapi", "kafka", "pyarrow")
PROBE = """
import sys
from watchkeeper.cli.__main__ import main
try:
    main()
finally:
    print("imported:", *sorted(set(sys.modules) & {heavy!r}))
"""


def entries(of: Sequence[Entry | EntryGroup], group: str = "") -> Iterator[tuple[str, Entry]]:
    for one in of:
        if isinstance(one, Entry):
            yield f"{group}{one.name}", one
        else:
            yield from entries(one.entries, f"{group}{one.name} ")


EVERY = dict(entries(COMMANDS))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("detectors", "--help"), ("no-such-command",)])
def test_what_runs_no_command_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    code = PROBE.format(heavy=set(HEAVY))
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines()[-1] == "imported:", ran.stderr


LOADING = """
import sys
from watchkeeper.cli.commands import COMMANDS
from watchkeeper.cli.lazy_group import Entry
def entries(of):
    for one in of:
        yield from [one] if isinstance(one, Entry) else entries(one.entries)
for entry in entries(COMMANDS):
    known = set(sys.modules)
    entry.load()
    print(entry.target, len(sys.modules), *sorted((set(sys.modules) - known) & {heavy!r}))
"""
MOST_MODULES = 700
"""Of typer, rich, pydantic and httpx 540 are there today; with fastapi alone there were twice as many."""


def test_the_help_of_no_command_imports_what_it_works_with() -> None:
    heavy = {*HEAVY, "clickhouse_connect", "grpc", "prometheus_client", "watchkeeper.storage", "watchkeeper.streams"}
    code = LOADING.format(heavy=heavy)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    loaded = [line.split() for line in ran.stdout.splitlines()]
    assert len(loaded) == len(EVERY)
    assert {target: imported for target, _, *imported in loaded if imported} == {}
    assert max(int(count) for _, count, *_ in loaded) < MOST_MODULES


@pytest.mark.parametrize("name", EVERY)
def test_every_command_loads_and_begins_its_help_as_it_is_listed(name: str) -> None:
    entry = EVERY[name]
    command = entry.load()
    assert isinstance(command, entry.kind)
    assert " ".join((command.help or "").split("\n\n")[0].split()) == entry.help


def test_every_command_is_listed_and_reached_through_its_group(watchkeeper: Watchkeeper) -> None:
    for name, entry in EVERY.items():
        group = watchkeeper(*name.split()[:-1], "--help")
        assert f" {entry.name} " in group.out
        own = watchkeeper(*name.split(), "--help")
        assert own.code == 0
        assert f"watchkeeper {name} " in own.out


def test_the_version_is_told(watchkeeper: Watchkeeper) -> None:
    ran = watchkeeper("--version")
    assert (ran.code, ran.out) == (0, f"watchkeeper {__version__}\n")


def test_a_misspelt_command_is_told_with_what_comes_near(watchkeeper: Watchkeeper) -> None:
    ran = watchkeeper("detectors", "rnu")
    assert ran.code == 2
    assert "'rnu'" in ran.err and "'run'" in ran.err


def test_an_entry_that_names_nothing_says_so_when_loaded() -> None:
    group = LazyGroup(entries=(Entry("gone", "watchkeeper.cli.no_such_module:command", "Gone."),))
    assert list(group.commands) == ["gone"]
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        Entry("gone", "watchkeeper.cli.no_such_module:command", "Gone.").load()
    with pytest.raises(AttributeError, match="no_such_function"):
        Entry("gone", "watchkeeper.cli.options:no_such_function", "Gone.").load()
