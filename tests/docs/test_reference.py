import pytest

from tests.docs.reference import DOCS, PARTS, with_part


@pytest.mark.docs
@pytest.mark.parametrize("name", PARTS)
def test_generated_parts_of_the_pages_are_up_to_date(name: str) -> None:
    file, build = PARTS[name]
    page = (DOCS / file).read_text()
    assert page == with_part(page, name, build()), f"docs/{file} is stale: run python -m tests.docs.reference"
