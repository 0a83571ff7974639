"""The outputs in docs/worked-example.md: two stories, told by the commands themselves.

``python -m tests.docs.worked_example`` writes them; a test fails when the page differs. Each stands between
``<!-- NAME -->`` and ``<!-- /NAME -->``.
"""

import contextlib
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.docs import worked_example_migration, worked_example_reroute
from tests.docs.reference import DOCS, with_part
from tests.fixtures.store import FOREVER
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator

PAGE = DOCS / "worked-example.md"
STORIES: Mapping[str, Callable[[Store], dict[str, str]]] = {
    "away": worked_example_reroute.told,
    "bill": worked_example_migration.told,
}
"""By the word that the names of its parts begin with."""
_NAME = re.compile(r"^<!-- (\w+-[\w-]+) -->$", re.MULTILINE)


@contextlib.contextmanager
def fresh(engine: Store, database: str) -> Iterator[Store]:
    """A migrated database beside that of ``engine``; dropped afterwards."""
    store = engine.beside(database)
    Migrator(store, FOREVER).run()
    try:
        yield store
    finally:
        store.drop_database()
        store.close()


def names_on(page: str, story: str) -> list[str]:
    """The parts of ``page`` that ``story`` has to print."""
    return [name for name in _NAME.findall(page) if name.startswith(f"{story}-")]


def with_outputs(page: str, outputs: Mapping[str, str]) -> str:
    """``page`` with ``outputs`` in their places."""
    for name, text in outputs.items():
        page = with_part(page, name, text)
    return page


def main() -> None:
    """Run both stories and write what they print into the page."""
    with tempfile.TemporaryDirectory() as directory:
        engine = Store.open(StoreConfig("chdb", "default", data_dir=Path(directory) / "data"))
        with contextlib.closing(engine):
            for story, told in STORIES.items():
                with fresh(engine, f"worked_{story}") as store:
                    PAGE.write_text(with_outputs(PAGE.read_text(), told(store)))
                sys.stderr.write(f"{PAGE.name}: {story}\n")


if __name__ == "__main__":
    main()
