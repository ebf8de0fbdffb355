"""The application as a value: `create_app(runtime)`."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import ModuleType

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from milepost.actions.jobs import Jobs
from milepost.actions.runtime import Runtime
from milepost.errors import MilepostError
from milepost.web import problems
from milepost.web.routes import MODULES, all_routes
from milepost.web.sdk_lane import SdkLane
from milepost.web.walls import HeaderWall, HostWall, trusted_hosts

SWITCH_S = 0.0001  # how long a thread waits for another that computes; Python's own 5 ms add up in every answer


def create_app(runtime: Runtime, modules: Sequence[ModuleType] = MODULES) -> Starlette:
    """Routes behind the guard, walls around them; starts and stops the intake writer with the server."""
    routes = all_routes(modules)
    app = SdkLane(
        routes=routes,
        middleware=[
            Middleware(HeaderWall, settings=runtime.settings),
            Middleware(HostWall, hosts=trusted_hosts(runtime.settings)),
        ],
        exception_handlers={
            MilepostError: problems.answer,
            ValidationError: problems.answer,
            SQLAlchemyError: problems.answer,
            HTTPException: problems.answer,
            Exception: problems.answer,
        },
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.runtime = runtime
    app.state.is_stopping = False
    app.state.route_names = frozenset(route.name for route in routes)
    app.state.environment_routes = frozenset(route.name for route in routes if "{environment}" in route.path)
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    runtime: Runtime = app.state.runtime
    sys.setswitchinterval(SWITCH_S)
    jobs = Jobs(runtime) if runtime.intake is not None else None
    if runtime.intake is not None:
        await run_in_threadpool(runtime.intake.start)
    if jobs is not None:
        await run_in_threadpool(jobs.start)
    try:
        yield
    finally:
        if jobs is not None:
            await run_in_threadpool(jobs.stop)
        if runtime.intake is not None:
            await run_in_threadpool(runtime.intake.stop)
