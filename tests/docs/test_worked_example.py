"""The page is what its commands print, and its stories end as they should."""

import pytest

from tests.docs.worked_example import PAGE, STORIES, fresh, names_on, with_outputs
from watchkeeper.storage.client import Store

pytestmark = [pytest.mark.clickhouse, pytest.mark.docs]


@pytest.mark.parametrize("story", STORIES)
def test_the_outputs_on_the_page_are_those_of_its_commands(engine: Store, story: str) -> None:
    with fresh(engine, f"worked_{story}") as store:
        outputs = STORIES[story](store)
    page = PAGE.read_text()
    assert sorted(outputs) == sorted(names_on(page, story))
    assert page == with_outputs(page, outputs), f"docs/{PAGE.name} is stale: run python -m tests.docs.worked_example"
