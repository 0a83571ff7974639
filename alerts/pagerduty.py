"""Messages as events of PagerDuty's Events API v2; what is told once is a change event, which nobody has to close."""

from typing import Any

from alerts.message import Message, Subject
from alerts.plain_text import unaddressed
from alerts.verdict import Verdict

_SUMMARY = 1_024


def pagerduty_payload(message: Message, routing_key: str) -> dict[str, Any]:
    """The body of the POST to :func:`pagerduty_url`."""
    links = [{"href": message.link, "text": "Open it"}] if message.link else []
    summary = unaddressed(message.title)[:_SUMMARY]
    body: dict[str, Any] = {
        "routing_key": routing_key,
        "payload": {"summary": summary, "source": "watchkeeper", "timestamp": message.at.isoformat()},
        "links": links,
    }
    body["payload"]["custom_details"] = {line.label: unaddressed(line.text) for line in message.lines}
    if not message.ends:
        return body
    lead = message.subjects[0]
    body["payload"] |= {"severity": message.severity.value, "component": _component(lead), "class": lead.kind}
    return {
        **body,
        "event_action": "resolve" if message.verdict is Verdict.END else "trigger",
        "dedup_key": f"watchkeeper-{message.case}",
        "client": "Watchkeeper",
    }


def pagerduty_url(message: Message, url: str) -> str:
    """Events and changes have an address each."""
    return url if message.ends else url.removesuffix("/enqueue") + "/change/enqueue"


def _component(subject: Subject) -> str:
    return "/".join(part for part in (subject.provider, subject.model) if part) or subject.kind
