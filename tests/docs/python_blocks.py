"""The Python of README and the pages as scripts that run: what a block takes for granted stands before it.

docs/instrument.md has its own tests (``test_recipes.py``): it says itself, in hidden marks, what its blocks need.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from tests.docs.page_commands import PAGES, fences, name_of

ELSEWHERE = ("docs/instrument.md",)

_CLIENT = """
from types import SimpleNamespace
import openai

client = openai.OpenAI()
messages = [{"role": "user", "content": "Where is my parcel?"}]
"""
_ROUTED = f"""
{_CLIENT}
user = SimpleNamespace(id="u-1")


def ask(provider, model):
    return client.chat.completions.create(model=model, messages=messages)
"""
_SIGNED = """
from alerts.webhook import signed_headers

headers = signed_headers(b"{}", "case-1", "key", 1_000)
seen = set()
assert accept(b"{}", headers, "key", 1_001.0, seen)
assert not accept(b"{}", headers, "key", 1_001.0, seen), "the key was seen"
assert not accept(b"[]", headers, "key", 1_001.0, set()), "another body"
assert not accept(b"{}", headers, "key", 2_000.0, set()), "too old"
"""


@dataclass(frozen=True, slots=True)
class Around:
    """What is missing to make a script of a page's blocks: ``before`` each, and ``after`` the last one."""

    before: tuple[str | None, ...]
    """None: the block is only compiled, as a test elsewhere runs the like of it."""
    after: str = ""


AROUND: Mapping[str, Around] = {
    "README.md": Around(("",), "import openai\nopenai.OpenAI().models  # it was instrumented as it was imported\n"),
    "docs/quickstart.md": Around(("",)),
    "docs/alerts.md": Around(("",), _SIGNED),
    # The router of LiteLLM, which takes long to import, is run by tests/api/test_route_exports.py.
    "docs/routes.md": Around((_ROUTED, "def answered():", None), "assert answered().choices\n"),
    "docs/worked-example.md": Around(
        (
            f"""
import watchkeeper_sdk
{_CLIENT}
customer = SimpleNamespace(id="c-1")
clients = {{"openai": client}}
""",
        )
    ),
}
"""By page: one entry of ``before`` for each block."""


def scripts() -> dict[str, str]:
    """Page → its blocks as one script. Raises :class:`LookupError` for blocks that nothing is said about."""
    made: dict[str, str] = {}
    for page in PAGES:
        blocks = [code for language, _, code in fences(page) if language in ("python", "py")]
        if blocks and name_of(page) not in ELSEWHERE:
            made[name_of(page)] = _script(name_of(page), blocks)
    return made


def _script(page: str, blocks: list[str]) -> str:
    around = AROUND.get(page, Around(()))
    if len(around.before) != len(blocks):
        raise LookupError(
            f"{page} has {len(blocks)} Python blocks, tests/docs/python_blocks.py knows {len(around.before)}"
        )
    parts = [_joined(before, textwrap.dedent(code)) for before, code in zip(around.before, blocks, strict=True)]
    return "\n".join([*parts, around.after])


def _joined(before: str | None, code: str) -> str:
    """``before``, then ``code``; inside it where it opens a block."""
    if before is None:
        return f"compile({code!r}, 'a block', 'exec')"
    return f"{before}\n{textwrap.indent(code, '    ') if before.endswith(':') else code}"
