"""``/docs``: the OpenAPI document for people."""

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from api.walls.headers import page_policy


def router() -> APIRouter:
    """The page; it tells nothing of calls and needs no key."""
    page = get_swagger_ui_html(openapi_url="/openapi.json", title="Watchkeeper")
    page.headers["content-security-policy"] = page_policy(bytes(page.body))
    routes = APIRouter()

    @routes.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return page

    return routes
