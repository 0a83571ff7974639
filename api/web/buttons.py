"""What a person may do about a regression, as it stands: the buttons of its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.regressions.models import RegressionDetail
from watchkeeper.storage.regression_actions import ActionKind


@dataclass(frozen=True, slots=True)
class Button:
    """One of them."""

    kind: ActionKind
    title: str
    meaning: str

    @property
    def path(self) -> str:
        """The last part of the address its form is sent to."""
        return self.kind.value.replace("_", "-")


_ALL = (
    Button(ActionKind.ACKNOWLEDGE, "Acknowledge", "Somebody looks after it: no more repeats or escalation."),
    Button(ActionKind.CLOSE, "Close", "It is over. New evidence opens it again."),
    Button(ActionKind.REOPEN, "Reopen", "That it was closed was a mistake."),
    Button(ActionKind.FALSE_ALARM, "False alarm", "It never was one: its metrics ask for more evidence from now on."),
    Button(ActionKind.ACCEPT, "Accept", "The new level is what is usual from now on."),
    Button(ActionKind.COMMENT, "Comment", "Say something about it; nothing else changes."),
)
BUTTONS: Mapping[ActionKind, Button] = {button.kind: button for button in _ALL}
DONE: Mapping[str, str] = {
    **{button.path: f"{button.title}: noted. The detectors obey within a minute." for button in _ALL},
    ActionKind.COMMENT.value: "The comment is noted.",
    "mute": "Muted: alerts keep silent about it for the time you chose.",
}
"""What is said when it is done, by the last part of the address."""
_OF_OPEN = (ActionKind.ACKNOWLEDGE, ActionKind.CLOSE, ActionKind.FALSE_ALARM, ActionKind.ACCEPT, ActionKind.COMMENT)
_STATES = (ActionKind.CLOSE, ActionKind.REOPEN, ActionKind.FALSE_ALARM, ActionKind.ACCEPT)


def fitting(found: RegressionDetail) -> Sequence[Button]:
    """Those that fit how ``found`` stands; whether one is really taken is decided where it is stored."""
    said = [one.action for one in found.actions if one.action in _STATES]
    if said and said[-1] is ActionKind.CLOSE:
        kinds: Sequence[ActionKind] = (ActionKind.REOPEN, ActionKind.COMMENT)
    elif found.state == "closed":
        kinds = (
            (ActionKind.COMMENT,) if ActionKind.FALSE_ALARM in said else (ActionKind.FALSE_ALARM, ActionKind.COMMENT)
        )
    else:
        kinds = _OF_OPEN
    return [BUTTONS[kind] for kind in kinds]
