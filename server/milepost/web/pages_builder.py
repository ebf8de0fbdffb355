"""Opening the builder in the customer's own product: where, and a link that works once."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.builder import make_code, read_last_address
from milepost.actions.guide_report import read_shown
from milepost.errors import Invalid
from milepost.web.api_shapes import runtime_of
from milepost.web.guard import actor, tenant
from milepost.web.inputs import field, only_fields
from milepost.web.pages import render, translations


def tag_page(request: Request) -> Response:
    """Asks for the product's address; the last one stands there already."""
    return _ask(request, "", read_last_address(runtime_of(request), tenant(request)))


def place_page(request: Request) -> Response:
    """The same for the steps of one guide."""
    return _ask(request, request.path_params["guide"], read_last_address(runtime_of(request), tenant(request)))


def open_tagger(request: Request) -> Response:
    """A link to the product, good for a minute, once."""
    return _open(request, "")


def open_placer(request: Request) -> Response:
    """The same for one guide."""
    return _open(request, request.path_params["guide"])


def _open(request: Request, guide: str) -> Response:
    only_fields(request, "address")
    address, member_id = field(request, "address", longest=1_000), actor(request).member_id
    try:
        opening = make_code(runtime_of(request), tenant(request), member_id or 0, address, guide or None)
    except Invalid as problem:
        return _ask(request, guide, address, translations(request).gettext(problem.detail))
    return _show(request, guide, link=opening.link, address=opening.address)


def _ask(request: Request, guide: str, address: str, error: str = "") -> Response:
    return _show(request, guide, 422 if error else 200, address=address, errors={"address": error} if error else {})


def _show(request: Request, guide: str, status: int = 200, **more: Any) -> Response:
    """`guide` is a key or id, "" for the catalogue; raises NotFound."""
    row = read_shown(runtime_of(request), tenant(request), guide)[0] if guide else None
    context: dict[str, Any] = {"guide": row, "link": "", "errors": {}} | more
    return render(request, "builder.html", status=status, **context)


routes = [
    Route("/e/{environment}/features/_tag", tag_page, methods=["GET"], name="tag_page"),
    Route("/e/{environment}/features/_tag", open_tagger, methods=["POST"], name="open_tagger"),
    Route("/e/{environment}/guides/{guide}/place", place_page, methods=["GET"], name="place_page"),
    Route("/e/{environment}/guides/{guide}/place", open_placer, methods=["POST"], name="open_placer"),
]
