"""Routes in the forms that other routers read. No form holds a secret: keys are names of environment variables."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from api.routing.env_export import env_export
from api.routing.exported import Exported
from api.routing.litellm_export import litellm_export
from api.routing.models import RouteItem
from api.routing.openrouter_export import openrouter_export
from api.routing.portkey_export import portkey_export
from watchkeeper.choices import ExportForm

_FORMS: Mapping[ExportForm, Callable[[Sequence[RouteItem]], Exported]] = {
    ExportForm.LITELLM: litellm_export,
    ExportForm.OPENROUTER: openrouter_export,
    ExportForm.PORTKEY: portkey_export,
    ExportForm.ENV: env_export,
}


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A whole file."""

    text: str
    media_type: str
    notes: tuple[str, ...]
    """What the form cannot say, and what has to be looked at."""


def export(routes: Sequence[RouteItem], form: ExportForm) -> ExportedFile:
    """``routes`` in ``form``. Targets without calls to get are left out."""
    made = _FORMS[form](routes)
    observed = [route.route for route in routes if route.source == "observed"]
    notes = (*(f"{_shown(name)}: nobody has set weights; these are the shares of the last week" for name in observed),)
    if isinstance(made.content, str):
        return ExportedFile(made.content, "text/plain; charset=utf-8", notes + made.notes)
    # Not escaped: JSON is read as YAML too, which knows no surrogates.
    text = json.dumps(made.content, indent=2, ensure_ascii=False) + "\n"
    return ExportedFile(text, "application/json", notes + made.notes)


def _shown(name: str) -> str:
    return json.dumps(name[:80], ensure_ascii=False)
