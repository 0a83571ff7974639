"""The pages are what their commands print, and the stories end as they should."""

import pytest

from tests.docs.worked_example import PAGES, STORIES, fresh, names_on_pages, with_outputs
from watchkeeper.storage.client import Store

pytestmark = [pytest.mark.clickhouse, pytest.mark.docs]


@pytest.mark.parametrize("story", STORIES)
def test_the_outputs_on_the_pages_are_those_of_their_commands(engine: Store, story: str) -> None:
    with fresh(engine, f"worked_{story}") as store:
        outputs = STORIES[story](store)
    assert sorted(outputs) == sorted(names_on_pages(story))
    for page in PAGES:
        text = page.read_text()
        assert text == with_outputs(text, outputs), (
            f"docs/{page.name} is stale: run python -m tests.docs.worked_example"
        )
