"""The floor: Starlette under the same uvicorn, the batch parsed with a Pydantic model, nothing checked or stored.

Also a route that answers a constant, the floor of boot.
"""

import datetime as dt
import sys
from typing import Any

import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route


class Event(BaseModel):
    """One event of the Segment API."""

    type: str
    messageId: str | None = None
    timestamp: dt.datetime | None = None
    userId: str | None = None
    anonymousId: str | None = None
    groupId: str | None = None
    event: str | None = None
    name: str | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


class Body(BaseModel):
    """One request."""

    batch: list[Event]
    sentAt: dt.datetime | None = None


async def receive(request: Request) -> Response:
    """Parses and forgets."""
    body = Body.model_validate_json(await request.body())
    return JSONResponse({"success": True, "received": len(body.batch)})


async def constant(request: Request) -> Response:
    """Answers what it always answers."""
    return PlainTextResponse("ok")


def main() -> None:
    """Serves on the port named."""
    app = Starlette(routes=[Route("/v1/batch", receive, methods=["POST"]), Route("/constant", constant, methods=["POST"])])
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="none", access_log=False,
        log_level="warning", server_header=False, date_header=False, timeout_keep_alive=75,
    )  # fmt: skip


if __name__ == "__main__":
    main()
