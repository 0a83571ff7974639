"""A message that says it is none: for trying a channel."""

import hashlib
from datetime import datetime

from alerts.event import Severity
from alerts.message import Line, Message, Subject
from alerts.verdict import Verdict


def trial_message(channel: str, at: datetime, nonce: str) -> Message:
    """``nonce`` makes its key its own."""
    key = hashlib.blake2b(f"trial\0{channel}\0{nonce}".encode(), digest_size=16).hexdigest()
    about = Subject(
        id="trial", kind="trial", severity=Severity.INFO, state="info", what="a test message", service="", route="",
        provider="", model="", served="", metric="", since=at, at=at, size=None, confidence=None, acknowledged_by="",
    )  # fmt: skip
    return Message(
        key=key,
        case=f"trial-{key[:12]}",
        channel=channel,
        rule="",
        verdict=Verdict.OPEN,
        reason="somebody ran `watchkeeper alerts test`",
        number=1,
        severity=Severity.INFO,
        at=at,
        title="Watchkeeper can reach this channel",
        lines=(
            Line(label="What", text="a test message; nothing is wrong"),
            Line(label="Sent because", text="somebody ran `watchkeeper alerts test`"),
        ),
        link="",
        subjects=(about,),
        more_subjects=0,
        ends=False,
    )
