"""The parts of docs/tutorial.md: what an on-call person sees and types when the first story's alert comes."""

from datetime import timedelta

from alerts import plain_text
from alerts.message import Message
from alerts.preview import Past, previewed
from alerts.rules import Rules
from tests.docs.worked_example_console import Console
from tests.docs.worked_example_team import Team

_BEFORE = timedelta(days=2)
RULES = Rules.model_validate(
    {
        "channels": {"chat": {"type": "slack", "url": "https://chat.example.com/hook"}},
        "rules": [{"name": "all", "channels": ["chat"]}],
    }
)


def looked_at(team: Team, at: Console, route: str) -> None:
    """The message, and the questions that lead to a decision."""
    at.put("alert-message", _shown(_messages(team)[0]))
    (regression,) = (row for row in at.ask("watchkeeper regressions list")["rows"] if row["state"] == "open")
    name = regression["id"]
    at.show("alert-show", f"watchkeeper regressions show {name}")
    at.show("alert-acknowledge", f"watchkeeper regressions acknowledge {name} -m 'looking at it'")
    at.show("alert-calls", f"watchkeeper calls --where route={route} --where outcome=error --period 1h --limit 3")
    at.show("alert-models", "watchkeeper health --period 1h --by provider,request_model")
    at.show("alert-cost", f"watchkeeper costs --where route={route} --by request_model --period 1h")


def ended(team: Team, at: Console) -> None:
    """The message that says that it is over."""
    at.put("alert-end", _shown(_messages(team)[-1]))


def _messages(team: Team) -> tuple[Message, ...]:
    now = team.clock.now() + timedelta(minutes=10)
    return previewed(team.store, RULES, (), Past(now - _BEFORE, now)).messages


def _shown(message: Message) -> str:
    return f"{plain_text.title(message)}\n\n{plain_text.text(message)}"
