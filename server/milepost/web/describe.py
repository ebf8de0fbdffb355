"""Says what an API endpoint takes and answers, beside the endpoint; `/openapi.json` is assembled from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
ATTRIBUTE = "milepost_operation"


@dataclass(frozen=True)
class Operation:
    """`body` and `query` are Pydantic models; `answer` is anything a TypeAdapter takes; None means no content."""

    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: Any = None
    status: int = 200
    tag: str = ""
    body_kind: str = "application/json"
    answer_kind: str = "application/json"
    may_fail_with: tuple[int, ...] = ()


def describe(
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    answer: Any = None,
    status: int = 200,
    tag: str = "",
    body_kind: str = "application/json",
    answer_kind: str = "application/json",
    may_fail_with: tuple[int, ...] = (),
) -> Callable[[Endpoint], Endpoint]:
    """Marks an endpoint; its docstring's first line becomes the summary."""
    operation = Operation(body, query, answer, status, tag, body_kind, answer_kind, may_fail_with)

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, ATTRIBUTE, operation)
        return endpoint

    return mark


def operation_of(endpoint: Callable[..., Any]) -> Operation:
    """What the endpoint said of itself; nothing at all when it said nothing."""
    found = getattr(endpoint, ATTRIBUTE, None)
    return found if isinstance(found, Operation) else Operation()
