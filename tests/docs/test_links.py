"""Links between pages lead somewhere, headings included."""

import re
from pathlib import Path

import pytest

from tests.docs.page_commands import PAGES, ROOT, name_of

pytestmark = pytest.mark.docs

_LINK = re.compile(r"\]\((?!https?:|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.*?)\s*$", re.MULTILINE)
_ANCHOR = re.compile(r'<a (?:id|name)="([^"]+)"')
_PAGES = (
    *PAGES,
    ROOT / "CHANGELOG.md",
    ROOT / "sdk" / "README.md",
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
)


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    text = _FENCED.sub("", page.read_text())
    plain = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading) for heading in _HEADING.findall(text))
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}
    return made | set(_ANCHOR.findall(text))


def _broken(page: Path) -> list[str]:
    broken = []
    for found in _LINK.finditer(_FENCED.sub("", page.read_text())):
        target = (page.parent / found["path"]).resolve() if found["path"] else page
        if not target.exists():
            broken.append(f"{found[0]}: there is no {found['path']}")
        elif found["anchor"] and found["anchor"] not in _anchors(target):
            broken.append(f"{found[0]}: {target.name} has no such heading")
    return broken


@pytest.mark.parametrize("page", _PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    assert not _broken(page)


def test_each_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert not {name for name in pages if f"]({name})" not in index}
