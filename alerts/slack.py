"""Messages in Slack's Block Kit, for an incoming webhook."""

from typing import Any

from alerts.message import Message
from alerts.plain_text import title, unaddressed
from alerts.verdict import Verdict

_HEADER = 150
_SECTION = 2_900
_COLOURS = {"critical": "#d7263d", "warning": "#f0a202", "info": "#4a7fb5"}
_OVER = "#2e933c"


def slack_payload(message: Message) -> dict[str, Any]:
    """The body of the POST. ``text`` is what notifications show."""
    lines = "\n".join(f"*{line.label}:* {mrkdwn(line.text)}" for line in message.lines)
    blocks: list[dict[str, Any]] = [{"type": "section", "text": _mrkdwn_block(_cut_lines(lines))}]
    if message.link:
        blocks.append({"type": "section", "text": _mrkdwn_block(f"<{mrkdwn(message.link)}|Open it>")})
    blocks.append({"type": "context", "elements": [_mrkdwn_block(f"case {message.case} · message {message.key}")]})
    header = {"type": "plain_text", "text": title(message).replace("<", "<\u200b")[:_HEADER], "emoji": False}
    colour = _OVER if message.verdict is Verdict.END else _COLOURS[message.severity]
    return {
        "text": mrkdwn(title(message)),
        "blocks": [{"type": "header", "text": header}],
        "attachments": [{"color": colour, "blocks": blocks}],
    }


def mrkdwn(words: str) -> str:
    """``words`` as Slack shows them literally: its three control characters escaped, emphasis taken out."""
    plain = unaddressed(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Slack knows no escape for these; with an unseen character on both sides they are no markup.
    return "".join(f"\u200b{char}\u200b" if char in "*~`" else char for char in plain)


def _mrkdwn_block(words: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": words}


def _cut_lines(lines: str) -> str:
    return lines if len(lines) <= _SECTION else lines[:_SECTION].rsplit("\n", 1)[0] + "\n…"
