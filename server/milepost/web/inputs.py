"""What a request brings: its body, taken once by the guard, as a form or as JSON of a known shape."""

import math
import typing
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive

from milepost.errors import BadRequest, Invalid, MilepostError
from milepost.web.bodies import read_body

BODY_LIMIT = 1024 * 1024
Model = TypeVar("Model", bound=BaseModel)


class LengthRequired(MilepostError):
    """Send the body with a Content-Length; chunked bodies are not taken here."""

    status = 411
    code = "length_required"


async def take_body(request: Request, state: dict[str, Any], limit: int) -> Receive:
    """Takes the whole body, parses a form, and answers a `receive` that plays the body again."""
    if "transfer-encoding" in request.headers and "content-length" not in request.headers:
        raise LengthRequired
    body = await read_body(request, limit)
    state["body"] = body
    replay = _replay(body)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        state["form"] = await _parse_form(Request(request.scope, replay), limit)
    return _replay(body)


async def _parse_form(request: Request, limit: int) -> FormData:
    try:
        parsed = await request.form(max_files=4, max_fields=200, max_part_size=limit)
    except (HTTPException, MultiPartException, UnicodeDecodeError, ValueError) as problem:
        raise BadRequest("The form can't be read.") from problem
    for name, value in parsed.multi_items():
        for text in (name, value) if isinstance(value, str) else (name,):
            check_storable(text)
    return parsed


def _replay(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def form(request: Request) -> FormData:
    """The fields of a posted form; empty when none came."""
    found = request.scope.get("state", {}).get("form")
    return found if isinstance(found, FormData) else FormData()


def field(request: Request, name: str, *, longest: int = 8_192) -> str:
    """One trimmed text field of the form, "" when absent; raises Invalid when it is too long."""
    value = form(request).get(name, "")
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > longest:
        raise Invalid(f"{name} is longer than {longest} characters.")
    return text


def only_fields(request: Request, *names: str) -> None:
    """Raises Invalid for a posted field that the form does not have: nobody sets what was not offered."""
    unknown = sorted(set(form(request)) - set(names))
    if unknown:
        raise Invalid("The form has no field %(name)s.", code="unknown_field", values={"name": unknown[0][:80]})


def upload(request: Request, name: str) -> UploadFile | None:
    """One uploaded file of the form; read it with `.file.read()`."""
    value = form(request).get(name)
    return value if isinstance(value, UploadFile) else None


def body(request: Request) -> bytes:
    """The whole body, already under the route's limit."""
    found = request.scope.get("state", {}).get("body", b"")
    return found if isinstance(found, bytes) else b""


def read_json(request: Request, model: type[Model]) -> Model:
    """The body in this shape; Pydantic's ValidationError becomes a 422 with a list of what is wrong."""
    value = model.model_validate_json(body(request) or b"null")
    check_storable(value.model_dump(mode="python"))
    return value


def read_query(request: Request, model: type[Model]) -> Model:
    """The query in this shape; a field that is a list takes the parameter as often as it comes."""
    values: dict[str, Any] = {}
    for name, field_info in model.model_fields.items():
        given = request.query_params.getlist(name)
        if given:
            values[name] = given if typing.get_origin(field_info.annotation) is list else given[-1]
    value = model.model_validate(values)
    check_storable(value.model_dump(mode="python"))
    return value


def check_storable(value: Any) -> None:
    """Raises Invalid for what databases don't keep alike: NUL, half surrogate pairs, NaN, whole numbers beyond 64 bits."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            if "\x00" in node:
                raise Invalid("A text holds the character NUL; remove it.", code="text")
            if not node.isascii() and any("\ud800" <= character <= "\udfff" for character in node):
                raise Invalid("A text holds half a surrogate pair; send valid Unicode.", code="text")
        elif isinstance(node, float) and not math.isfinite(node):
            raise Invalid("NaN and Infinity are not JSON; send a number or null.", code="number")
        elif isinstance(node, int) and not -(2**63) <= node < 2**63:
            raise Invalid("A whole number lies beyond 64 bits; send it as text.", code="number")
        elif isinstance(node, dict):
            waiting.extend(node.keys())
            waiting.extend(node.values())
        elif isinstance(node, list | tuple | set | frozenset):
            waiting.extend(node)
