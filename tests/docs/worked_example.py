"""The outputs in docs/worked-example.md and docs/tutorial.md: two stories, told by the commands themselves.

``python -m tests.docs.worked_example`` writes them; a test fails when a page differs. Each stands between
``<!-- NAME -->`` and ``<!-- /NAME -->``. The tutorial looks closer at the beginning of the first story.
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

PAGES = (DOCS / "worked-example.md", DOCS / "tutorial.md")
STORIES: Mapping[str, Callable[[Store], dict[str, str]]] = {
    "away": worked_example_reroute.told,
    "bill": worked_example_migration.told,
}
PREFIXES: Mapping[str, tuple[str, ...]] = {"away": ("away-", "alert-"), "bill": ("bill-",)}
"""What the names of a story's parts begin with."""
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


def names_on_pages(story: str) -> list[str]:
    """The parts that ``story`` has to print."""
    names = (name for page in PAGES for name in _NAME.findall(page.read_text()))
    return [name for name in names if name.startswith(PREFIXES[story])]


def with_outputs(page: str, outputs: Mapping[str, str]) -> str:
    """``page`` with those of ``outputs`` that have a place on it."""
    for name in set(_NAME.findall(page)) & set(outputs):
        page = with_part(page, name, outputs[name])
    return page


def main() -> None:
    """Run both stories and write what they print into the pages."""
    with tempfile.TemporaryDirectory() as directory:
        engine = Store.open(StoreConfig("chdb", "default", data_dir=Path(directory) / "data"))
        with contextlib.closing(engine):
            for story, told in STORIES.items():
                with fresh(engine, f"worked_{story}") as store:
                    outputs = told(store)
                for page in PAGES:
                    page.write_text(with_outputs(page.read_text(), outputs))
                sys.stderr.write(f"{story}\n")


if __name__ == "__main__":
    main()
