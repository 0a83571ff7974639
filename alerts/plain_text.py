"""Messages as text and as Markdown. Names come from whoever sends spans: nothing in them may act as markup."""

import re

from alerts.message import Message

MOST_CHARS = 3_500
_MARKUP = re.compile(r"([\\`*_{}\[\]()#|~<>])")
_AT = re.compile("@(?=[A-Za-z])")
_UNSEEN = "\u200b"


def text(message: Message) -> str:
    """Lines of ``Label: text``, without the title."""
    lines = [f"{line.label}: {unaddressed(line.text)}" for line in message.lines]
    return _bounded("\n".join([*lines, message.link] if message.link else lines))


def markdown(message: Message) -> str:
    """A list of lines with bold labels, without the title."""
    lines = [f"- **{line.label}:** {escaped(line.text)}" for line in message.lines]
    return _bounded("\n".join([*lines, f"- [Open it]({message.link})"] if message.link else lines))


def title(message: Message) -> str:
    """The title with its severity."""
    return f"[{message.severity.value}] {unaddressed(message.title)}"


def escaped(words: str) -> str:
    """``words`` so that Markdown shows them as they are."""
    return _MARKUP.sub(r"\\\1", unaddressed(words))


def unaddressed(words: str) -> str:
    """``words`` without anything that calls people: a name after an ``@`` is no address any more."""
    return _AT.sub(f"@{_UNSEEN}", words)


def _bounded(body: str) -> str:
    return body if len(body) <= MOST_CHARS else body[: MOST_CHARS - 1].rsplit("\n", 1)[0] + "\n…"
