"""For operators: /livez, /readyz and /metrics."""

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from milepost.actions.runtime import Runtime
from milepost.store import engine as db
from milepost.store import ledger
from milepost.store.schema import current_revision, newest_revision


async def livez(request: Request) -> Response:  # noqa: ARG001
    """The process answers; the database is not asked."""
    return PlainTextResponse("ok\n")


def readyz(request: Request) -> Response:
    """Whether this process should get traffic: not stopping, database reachable, schema current, queue not full."""
    runtime: Runtime = request.app.state.runtime
    if request.app.state.is_stopping:
        return PlainTextResponse("the server is stopping\n", 503)
    try:
        if current_revision(runtime.engine) != newest_revision():
            return PlainTextResponse("the database needs `milepost migrate`\n", 503)
    except SQLAlchemyError:
        return PlainTextResponse("the database does not answer\n", 503)
    if runtime.intake is not None and runtime.intake.n_waiting > runtime.settings.queue_limit * 0.8:
        return PlainTextResponse("the queue of events is nearly full\n", 503)
    return PlainTextResponse("ok\n")


def metrics(request: Request) -> Response:
    """Prometheus text; counts over all environments, no names of any."""
    runtime: Runtime = request.app.state.runtime
    registry = CollectorRegistry()
    with db.reading(runtime.engine) as connection:
        books = ledger.read_installation_ledger(connection)
    events = Gauge("milepost_events_total", "Events by verdict, since the ledger began", ["verdict"], registry=registry)
    for name, n in books.items():
        events.labels(name).set(n)
    if runtime.intake is not None:
        waiting = Gauge("milepost_intake_waiting", "Events waiting for the writer", registry=registry)
        waiting.set(runtime.intake.n_waiting)
        groups = Gauge("milepost_intake_groups", "Transactions of the writer since its start", registry=registry)
        groups.set(runtime.intake.n_groups)
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")


routes = [
    Route("/livez", livez, name="livez"),
    Route("/readyz", readyz, name="readyz"),
    Route("/metrics", metrics, name="metrics"),
]
