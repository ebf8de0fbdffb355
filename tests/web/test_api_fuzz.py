"""The management API as its own OpenAPI document describes it, with good, odd and hostile values: never a 500, problems as
RFC 9457 says, answers of the documented status and shape."""

import json
from typing import Any
from urllib.parse import quote

import hypothesis.strategies as st
import pytest
from httpx2 import Response
from hypothesis import HealthCheck, Phase, given, settings
from starlette.testclient import TestClient

from milepost.actions.features import push_catalogue
from milepost.wire.feature import Catalogue, EventRule, Feature
from tests.factories import Sandbox
from tests.web.console import open_client

HOSTILE_TEXTS = [
    "",
    " ",
    "\x00",
    "\ud800",
    "a" * 9_000,
    "'; DROP TABLE keys; --",
    "<script>",
    "../../etc/passwd",
    "名",
    "-1",
    "%00",
    "{}",
]
HOSTILE_NUMBERS = [0, -1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**40, 1e308, 0.1]
texts = st.one_of(st.sampled_from(HOSTILE_TEXTS), st.text(max_size=30))
numbers = st.one_of(
    st.sampled_from(HOSTILE_NUMBERS), st.integers(-(10**6), 10**6), st.floats(allow_nan=False, allow_infinity=False)
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)


class Shapes:
    """Values that fit a schema of the document, and now and then do not."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.components = document["components"]["schemas"]

    def of(self, schema: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
        """Seven times in eight what the schema asks for."""
        if depth > 5:
            return st.none()
        fitting = self._fitting(schema, depth)
        return st.integers(0, 7).flatmap(lambda n: anything if n == 0 else fitting)

    def _fitting(self, schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            return self._fitting(self.components[schema["$ref"].rpartition("/")[2]], depth)
        if "const" in schema or "enum" in schema:
            return st.sampled_from(schema.get("enum") or [schema["const"]])
        several = schema.get("anyOf") or schema.get("oneOf")
        if several:
            return st.one_of(*(self._fitting(part, depth + 1) for part in several)) if depth < 5 else st.none()
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            return st.lists(self.of(schema.get("items", {}), depth + 1), max_size=3)
        plain: dict[Any, st.SearchStrategy[Any]] = {
            "string": texts, "integer": numbers.map(int), "number": numbers, "boolean": st.booleans(), "null": st.none(),
        }  # fmt: skip
        return plain.get(kind, anything)

    def _object(self, schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
        properties, required = schema.get("properties", {}), set(schema.get("required", ()))
        parts = {name: self.of(part, depth + 1) for name, part in properties.items()}
        must = {name: part for name, part in parts.items() if name in required}
        may = {name: part for name, part in parts.items() if name not in required}
        return st.fixed_dictionaries(must, optional=may)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        if path.startswith("/api/v1/")
        for method, operation in methods.items()
    ]


@pytest.fixture
def api(sqlite_only: None, sandbox: Sandbox) -> TestClient:
    rules = [EventRule(on="event", name="Report Opened")]
    catalogue = Catalogue(features=[Feature(key="report", name="Report", rules=rules), Feature(key="leave", name="Leave")])
    push_catalogue(sandbox.runtime, sandbox.tenant, catalogue, "test")
    sandbox.send(sandbox.event())
    client = open_client(sandbox.runtime, Authorization=f"Bearer {sandbox.workspace.secret_key}")
    del client.headers["sec-fetch-site"]
    return client


@pytest.fixture
def sqlite_only(request: pytest.FixtureRequest) -> None:
    """The shapes are the same on both databases, and so are values (see test_hostile_values): one is enough here."""
    if "postgresql" in request.node.name:
        pytest.skip("once is enough")


def check(answer: Response, method: str, path: str, operation: dict[str, Any]) -> None:
    """Documented, and of the form that was promised."""
    what = f"{method} {path} → {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, what
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", what
        problem = answer.json()
        assert {"type", "title", "status", "code", "detail"} <= problem.keys(), what
        assert problem["status"] == answer.status_code, what
        assert problem["type"] == f"urn:milepost:problem:{problem['code']}", what
        assert problem["detail"], what
        for error in problem.get("errors", []):
            assert error["pointer"].startswith("/"), what
            assert error["message"], what
        return
    assert str(answer.status_code) in operation["responses"], what
    if answer.headers.get("content-type", "").startswith("application/json"):
        json.loads(answer.text)


def ask(client: TestClient, method: str, path: str, operation: dict[str, Any], draw: Any, shapes: Shapes) -> Response:
    query: dict[str, Any] = {}
    for parameter in operation.get("parameters", []):
        drawn = draw(shapes.of(parameter.get("schema", {"type": "string"})))
        value = "".join(c for c in str(drawn) if not "\ud800" <= c <= "\udfff")
        if parameter["in"] == "path":
            known = draw(st.sampled_from(["report", "leave", "a1", "adoption", value]))
            path = path.replace("{" + parameter["name"] + "}", quote(known, safe="") or "x")
        elif draw(st.booleans()):
            query[parameter["name"]] = value
    headers, content = {}, b""
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        headers["Content-Type"] = kind
        drawn = draw(st.one_of(shapes.of(media.get("schema", {})), anything)) if kind.endswith("json") else draw(texts)
        content = json.dumps(drawn).encode() if kind.endswith("json") else str(drawn).encode("utf-8", "surrogatepass")
    return client.request(method, path, params=query, content=content or None, headers=headers)


def test_no_call_of_the_api_ends_in_a_500_and_every_problem_is_rfc_9457(api: TestClient) -> None:
    document = api.get("/openapi.json").json()
    shapes, calls = Shapes(document), operations(document)
    assert len(calls) > 20
    seen: dict[int, int] = {}

    @settings(max_examples=400, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.data())
    def fuzz(data: Any) -> None:
        method, path, operation = data.draw(st.sampled_from(calls))
        answer = ask(api, method, path, operation, data.draw, shapes)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        check(answer, method, path, operation)

    fuzz()
    assert seen.get(200, 0) > 20, seen
    assert seen.get(422, 0) > 20, seen


BODIES = [
    b"",
    b"null",
    b"[]",
    b"{",
    b'"x"',
    b"\xff\xfe",
    b"[" * 5_000,
    b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    b'{"key": NaN}',
    b"1e999999",
]


def test_a_body_that_is_no_json_gets_a_problem_on_every_call(api: TestClient) -> None:
    document = api.get("/openapi.json").json()
    for method, path, operation in operations(document):
        if "requestBody" not in operation:
            continue
        for body in BODIES:
            for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
                answer = api.request(method, path.replace("{", "").replace("}", ""), content=body, headers={"Content-Type": kind})
                check(answer, method, path, operation)


def test_unknown_addresses_and_methods_of_the_api_are_problems_too(api: TestClient) -> None:
    for method, path in (
        ("GET", "/api/v1/nothing"),
        ("DELETE", "/api/v1/accounts"),
        ("GET", "/api/v2"),
        ("POST", "/openapi.json"),
    ):
        answer = api.request(method, path)
        assert answer.status_code in {404, 405}
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
