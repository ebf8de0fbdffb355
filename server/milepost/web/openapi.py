"""Assembles the OpenAPI 3.1 document from the routes, their permissions and what their endpoints say of themselves."""

import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost import __version__
from milepost.web.describe import Operation, operation_of
from milepost.web.permissions import KEY_MAY, PERMISSIONS, allowed_roles
from milepost.web.planes import OPERATIONS, is_api, is_events

PATH_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
SCHEMAS = "#/components/schemas/{model}"


class FieldProblem(BaseModel):
    """One field that is wrong."""

    pointer: str
    message: str


class Problem(BaseModel):
    """RFC 9457; `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = []


def is_documented(path: str) -> bool:
    """Machines' routes; the console's pages are for people."""
    return is_api(path) or (is_events(path) and not path.startswith("/sdk/")) or path in OPERATIONS


def assemble(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole document."""
    shown = [route for route in routes if is_documented(route.path) and route.include_in_schema]
    schemas, definitions = _schemas(shown)
    paths: dict[str, dict[str, Any]] = {}
    for route in shown:
        methods = sorted((route.methods or {"GET"}) - {"HEAD", "OPTIONS"})
        for method in methods:
            path = PATH_PARAMETER.sub(r"{\1}", route.path)
            paths.setdefault(path, {})[method.lower()] = _operation(route, method, schemas, len(methods) > 1)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Milepost",
            "version": __version__,
            "description": "Events in, guides out, and what accounts really use. Errors of /api/v1 are RFC 9457 problems.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(definitions.items())),
            "securitySchemes": {
                "secretKey": {"type": "http", "scheme": "bearer", "description": "An `sk_` key of one environment."},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-milepost"},
                "writeKey": {"type": "http", "scheme": "basic", "description": "The write key as user name, no password."},
            },
        },
    }


Adapters = dict[tuple[str, str], dict[str, Any]]


def _schemas(routes: Sequence[Route]) -> tuple[Adapters, dict[str, Any]]:
    """({(route name, body|answer): schema}, every named schema)."""
    wanted: list[tuple[str, Any, TypeAdapter[Any]]] = [("Problem", "serialization", TypeAdapter(Problem))]
    for route in routes:
        told = operation_of(route.endpoint)
        if told.body is not None:
            wanted.append((route.name, "validation", TypeAdapter(told.body)))
        if told.answer is not None:
            wanted.append((route.name, "serialization", TypeAdapter(told.answer)))
    made, rest = TypeAdapter.json_schemas(wanted, ref_template=SCHEMAS)
    return {(str(name), str(mode)): schema for (name, mode), schema in made.items()}, rest.get("$defs", {})


def _operation(route: Route, method: str, schemas: Adapters, is_one_of_many: bool) -> dict[str, Any]:
    told = operation_of(route.endpoint)
    permission = PERMISSIONS[route.name]
    lines = (route.endpoint.__doc__ or route.name).strip().splitlines()
    operation: dict[str, Any] = {
        "operationId": f"{route.name}_{method.lower()}" if is_one_of_many else route.name,
        "summary": lines[0].rstrip("."),
        "description": "\n".join(lines),
        "tags": [told.tag or _tag(route.path)],
        "security": _security(permission),
        "x-min-role": permission,
        "x-roles": list(allowed_roles(permission)),
        "parameters": _parameters(route),
        "responses": _responses(route, told, permission, schemas),
    }
    if method in {"POST", "PUT", "PATCH"}:
        request_body = _body(route, told, schemas)
        if request_body is not None:
            operation["requestBody"] = request_body
    return operation


def _tag(path: str) -> str:
    if path.startswith("/api/v1/"):
        return path.split("/")[3]
    return "operators" if path in OPERATIONS else "events" if is_events(path) else "document"


def _security(permission: str) -> list[dict[str, list[str]]]:
    if permission == "public":
        return []
    if permission == "key":
        return [{"writeKey": []}, {}]  # the key may also stand in the body
    return [{"secretKey": []}, {"session": []}] if permission in KEY_MAY else [{"session": []}]


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in PATH_PARAMETER.findall(route.path):
        kind = "integer" if isinstance(route.param_convertors[name].convert("1"), int) else "string"
        found.append({"name": name, "in": "path", "required": True, "schema": {"type": kind}})
    told = operation_of(route.endpoint)
    query = told.query.model_json_schema() if told.query is not None else {}
    for name, schema in _properties(query).items():
        required = name in query.get("required", [])
        found.append({"name": name, "in": "query", "required": required, "schema": schema})
    takes_environment = route.path.startswith("/api/") and PERMISSIONS[route.name] not in {"public", "key"}
    if takes_environment and not any(parameter["name"] == "environment" for parameter in found):
        text = "Key or id of the environment; with an `sk_` key its own, else the oldest one unless named."
        found.append({"name": "environment", "in": "query", "required": False, "schema": {"type": "string"}, "description": text})
    return found


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    found = schema.get("properties", {})
    return found if isinstance(found, dict) else {}


def _body(route: Route, told: Operation, schemas: Adapters) -> dict[str, Any] | None:
    if told.body is not None:
        return {"required": True, "content": {told.body_kind: {"schema": schemas[(route.name, "validation")]}}}
    if told.body_kind != "application/json":
        return {"required": True, "content": {told.body_kind: {"schema": {"type": "string"}}}}
    if is_events(route.path):
        return {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    return None


def _responses(route: Route, told: Operation, permission: str, schemas: Adapters) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(told.status).phrase}
    if told.answer is not None:
        good["content"] = {told.answer_kind: {"schema": schemas[(route.name, "serialization")]}}
    elif told.answer_kind != "application/json":
        good["content"] = {told.answer_kind: {"schema": {"type": "string"}}}
    elif is_events(route.path):
        good["content"] = {"application/json": {"schema": {"type": "object"}}}
    answers: dict[str, Any] = {str(told.status): good}
    if route.path.startswith("/api/"):
        problem = {"application/problem+json": {"schema": schemas[("Problem", "serialization")]}}
        codes = {400, *told.may_fail_with} | ({401, 403} if permission != "public" else set())
        codes |= {404} if "{" in route.path or permission != "public" else set()
        codes |= {422} if told.body is not None or told.query is not None else set()
        for code in sorted(codes):
            answers[str(code)] = {"description": HTTPStatus(code).phrase, "content": problem}
        answers["default"] = {"description": "Any other problem", "content": problem}
    return answers


def openapi(request: Request) -> Response:
    """This document."""
    found = [route for route in request.app.routes if isinstance(route, Route)]
    text = json.dumps(assemble(found), ensure_ascii=False, indent=1)
    return Response(text, media_type="application/json")


routes = [Route("/openapi.json", openapi, name="openapi")]
