"""Style sheets, scripts and icons of the console; an address with the file's hash may be kept for ever."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from milepost.errors import NotFound
from milepost.web.pages import STATIC

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png", ".json": "application/json"}


def static(request: Request) -> Response:
    """One file below `static/`; nothing outside it, nothing of another kind."""
    name = str(request.path_params["name"])
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC.resolve()) or path.suffix not in KINDS or not path.is_file():
        raise NotFound
    keep = "public, max-age=31536000, immutable" if "v" in request.query_params else "public, max-age=300"
    return FileResponse(path, media_type=KINDS[path.suffix], headers={"Cache-Control": keep})


def favicon(request: Request) -> Response:  # noqa: ARG001
    """The mark of the product."""
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


routes = [
    Route("/static/{name:path}", static, name="static"),
    Route("/favicon.ico", favicon, name="favicon"),
]
