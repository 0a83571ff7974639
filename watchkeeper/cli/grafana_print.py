"""What ``watchkeeper grafana`` prints."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from dashboards.checking import Checked
    from dashboards.pushing.connection import About
    from dashboards.pushing.differences import Difference
    from dashboards.pushing.push import Looked, Pushed

_MOST_DIFFERENCES = 20
_LONGEST = 100
_DONE = ("nothing to do", "made", "saved")


def differences(looked: Sequence["Looked"], console: Console, as_json: bool) -> None:
    """Each thing, how it stands, and where it differs."""
    if as_json:
        _write([_thing_json(one) for one in looked])
        return
    for one in looked:
        console.print(f"{_name(one)}: {escape(one.found.reason or one.found.state)}", soft_wrap=True)
        for difference in one.found.differences[:_MOST_DIFFERENCES]:
            console.print(f"  {_difference(difference)}", markup=False, soft_wrap=True)
        if (further := len(one.found.differences) - _MOST_DIFFERENCES) > 0:
            console.print(f"  and {further} more; --json has all")


def pushed(done: Iterable["Pushed"], about: "About", console: Console, form: tuple[bool, bool]) -> bool:
    """Each thing as it is done, or, in a dry run, would be; true where nothing was left or refused.

    ``form``: is it a dry run, is it printed as JSON.
    """
    dry_run, as_json = form
    all_done = list(done) if as_json else done
    if as_json:
        _write([_thing_json(one.looked) | {"outcome": one.outcome, "reason": one.reason} for one in all_done])
        return all(one.outcome in _DONE for one in all_done)
    organisation = f", organisation {about.organisation}" if about.organisation else ""
    console.print(escape(f"Grafana {about.version}{organisation}" + "; dry run, nothing is written" * dry_run))
    whole = True
    for one in all_done:
        reason = f": {one.reason}" if one.reason else ""
        mend = "; --overwrite writes it" if one.outcome == "left" and one.looked.found.state == "changed" else ""
        console.print(f"{_name(one.looked)}: {one.outcome}{escape(reason)}{mend}", soft_wrap=True)
        whole &= one.outcome in _DONE
    return whole


def checked(results: Sequence["Checked"], console: Console, as_json: bool) -> None:
    """Each query that fails or has nothing to show, and how many panels show something."""
    if as_json:
        _write([_checked_json(one) for one in results])
        return
    for one in results:
        if wrong := _wrong(one):
            console.print(escape(f"{one.query.dashboard.title}, {one.query.kind} {one.query.title}: {wrong}"))
    panels = [one for one in results if one.query.kind == "panel"]
    shown = sum(one.known for one in panels)
    console.print(f"{shown} of {len(panels)} panels show something; {len(results)} queries")


def _wrong(one: "Checked") -> str:
    if one.rows is None:
        return f"failed: {one.error}"
    if not one.is_bare:
        return ""
    return "nothing to show" + (", which may be" if one.query.may_be_empty else "")


def _name(one: "Looked") -> str:
    return escape(f"{one.thing.kind} {one.thing.title} ({one.thing.uid})")


def _difference(one: "Difference") -> str:
    return f"{one.path}: {_short(one.there)} there, {_short(one.ours)} ours"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + " …"


def _thing_json(one: "Looked") -> dict[str, Any]:
    thing, found = one.thing, one.found
    return {
        "kind": thing.kind,
        "uid": thing.uid,
        "title": thing.title,
        "state": found.state,
        "reason": found.reason,
        "differences": [{"path": each.path, "there": each.there, "ours": each.ours} for each in found.differences],
    }


def _checked_json(one: "Checked") -> dict[str, Any]:
    query = one.query
    return {
        "dashboard": query.dashboard.uid,
        "kind": query.kind,
        "title": query.title,
        "rows": one.rows,
        "empty": one.is_empty,
        "well": one.is_well,
        "error": one.error,
    }


def _write(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
