"""``/docs``: the OpenAPI document for people, with the viewer that fastapi-offline ships: no other site is asked."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

from api.walls.headers import page_policy

_MEDIA = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}
_KEPT = {"Cache-Control": "max-age=86400"}


def router() -> APIRouter:
    """The page and its viewer; they tell nothing of calls and need no key."""
    routes = APIRouter(prefix="/docs", include_in_schema=False)
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Watchkeeper",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon.png",
        # Left to itself, the viewer shows the document to a validator elsewhere.
        swagger_ui_parameters={"validatorUrl": None},
    )
    page.headers["content-security-policy"] = page_policy(bytes(page.body))

    @routes.get("")
    async def docs() -> HTMLResponse:
        return page

    for name in _MEDIA:
        _add_file(routes, name)
    return routes


def _add_file(routes: APIRouter, name: str) -> None:
    place = Path(str(files("fastapi_offline").joinpath("static", name)))

    @routes.get(f"/{name}")
    async def shipped() -> FileResponse:
        return FileResponse(place, headers=_KEPT, media_type=_MEDIA[name])
