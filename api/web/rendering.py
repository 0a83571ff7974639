"""Templates to answers: what every page has around it, and the headers under which it runs."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, StreamingResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.web.doors import Visit
from api.web.figures import FILTERS
from api.web.forms import TOKEN
from api.web.places import place_before, place_of
from watchkeeper import __version__
from watchkeeper.clock import Clock

THEME_COOKIE = "watchkeeper-theme"
_FLUSH = "\0"
THEMES = ("auto", "light", "dark")
ASSETS = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    # With no-referrer browsers would send forms with the Origin "null".
    "referrer-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation."""

    path: str
    title: str


NAVIGATION = (
    NavItem("/", "Overview"),
    NavItem("/regressions", "Regressions"),
    NavItem("/costs", "Costs"),
    NavItem("/advice", "Advice"),
    NavItem("/migrations", "Migrations"),
    NavItem("/calls", "Calls"),
    NavItem("/doctor", "Doctor"),
)


class Renderer:
    """Renders templates of ``api/web/templates``. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.assets = {name: files("api.web").joinpath("static", name).read_bytes() for name in ASSETS}
        # In the address, so that browsers keep files until they change.
        self.digests = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in self.assets.items()}
        self._environment = Environment(
            loader=PackageLoader("api.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals.update(navigation=NAVIGATION, version=__version__, asset=self.asset, token=TOKEN)

    def asset(self, name: str) -> str:
        """Address of a static file."""
        return f"/static/{self.digests[name]}/{name}"

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """The page for whoever visits. ``context`` has at least what the template asks for."""
        visit = getattr(request.state, "visit", None)
        around = _around(request, visit if isinstance(visit, Visit) else None)
        text = self._environment.get_template(template).render(**around, now=self._clock.now(), **context)
        return HTMLResponse(text, status, PAGE_HEADERS)

    def stream(self, request: Request, template: str, **context: Any) -> StreamingResponse:
        """As :meth:`page`, of a template that iterates over what takes long to make: it writes ``{{ flush }}`` where
        what came before is to be sent, so that it is painted meanwhile.
        """
        visit = getattr(request.state, "visit", None)
        around = _around(request, visit if isinstance(visit, Visit) else None)
        made = self._environment.get_template(template)
        pieces = made.generate(**around, now=self._clock.now(), flush=_FLUSH, **context)
        return StreamingResponse(_sent(pieces), 200, PAGE_HEADERS, media_type="text/html")


def _sent(pieces: Iterable[str]) -> Iterator[str]:
    """``pieces`` in as few as there are marks between them."""
    held: list[str] = []
    for piece in pieces:
        if piece == _FLUSH:
            yield "".join(held)
            held.clear()
        else:
            held.append(piece)
    yield "".join(held)


def _around(request: Request, visit: Visit | None) -> Mapping[str, Any]:
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return {
        "visit": visit,
        "path": request.scope["path"],
        "here": _here(request),
        "theme": theme if theme in THEMES else "auto",
        "themes": THEMES,
    }


def _here(request: Request) -> str:
    """Path and query of the page; of a form's answer those of the page that had the form."""
    if request.method in ("GET", "HEAD"):
        return place_of(request.scope)
    return place_before(request.headers.get("referer", "/"))
