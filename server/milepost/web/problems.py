"""The one table that turns errors into answers: RFC 9457 for the API, `code` and `message` for events, a page for people."""

import json
import logging
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from milepost.errors import Invalid, MilepostError
from milepost.web.pages import render, translations
from milepost.web.planes import is_api, is_console

log = logging.getLogger(__name__)
CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def answer(request: Request, problem: Exception) -> Response:
    """For every error an endpoint, the guard or the router raises."""
    if isinstance(problem, MilepostError):
        said = translations(request).say(problem) if _is_page(request) else problem.detail
        errors = list(problem.errors) if isinstance(problem, Invalid) else None
        return _answer(request, problem.status, problem.error_code, said, _retry(problem), errors=errors)
    if isinstance(problem, ValidationError):
        return _answer(request, 422, "invalid", "Some fields are wrong.", {}, errors=_fields(problem))
    if isinstance(problem, HTTPException):
        detail = _("There is nothing at this address.") if problem.status_code == 404 else f"{problem.detail.rstrip('.')}."
        code = CODES.get(problem.status_code, "http")
        return _answer(request, problem.status_code, code, detail, dict(problem.headers or {}))
    if isinstance(problem, SQLAlchemyError):
        log.error("the database failed", exc_info=problem)
        return _answer(request, 503, "unavailable", _("The database does not answer now; try again."), {"Retry-After": "2"})
    log.error("an unforeseen error", exc_info=problem)
    return _answer(request, 500, "internal", _("Something went wrong on our side. It is in the server's log."), {})


def _is_page(request: Request) -> bool:
    path = request.scope["path"]
    return is_console(path) and not is_api(path)


def _(message: str) -> str:
    """Marks a text for the catalogue; it is translated where it is shown."""
    return message


def _retry(problem: MilepostError) -> dict[str, str]:
    headers = {"Retry-After": str(problem.retry_after_s)} if problem.retry_after_s else {}
    return headers | ({"WWW-Authenticate": "Bearer"} if problem.status == 401 else {})


def _fields(problem: ValidationError) -> list[dict[str, str]]:
    """Which field, by JSON pointer, and what is wrong with it; values are not repeated."""
    return [
        {"pointer": "/" + "/".join(str(part) for part in error["loc"]), "message": error["msg"]}
        for error in problem.errors(include_url=False, include_context=False, include_input=False)[:50]
    ]


def _answer(
    request: Request, status: int, code: str, detail: str, headers: dict[str, str], errors: list[dict[str, str]] | None = None
) -> Response:
    path = request.scope["path"]
    if not is_console(path):
        content = {"success": False, "code": code, "message": detail}
        return JSONResponse(content, status, headers=headers | {"Access-Control-Allow-Origin": "*"})
    if is_api(path):
        return problem_response(status, code, detail, headers, errors)
    said = translations(request).gettext(detail)
    return render(request, "problem.html", status=status, headers=headers, code=code, detail=said, errors=errors or [])


def problem_response(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None, errors: list[dict[str, str]] | None = None
) -> Response:
    """`application/problem+json`; `code` is ours and stable, `title` the name of the status."""
    content: dict[str, Any] = {
        "type": f"urn:milepost:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        content["errors"] = errors
    return Response(json.dumps(content, ensure_ascii=False), status, headers=headers, media_type="application/problem+json")
