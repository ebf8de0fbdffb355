"""Management API of outside facts: tickets, answers to surveys, whatever a vendor's systems know of an account."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.signals import Signal, record_signals
from milepost.web.api_shapes import answer, instant, runtime_of
from milepost.web.describe import describe
from milepost.web.guard import tenant
from milepost.web.inputs import read_json
from milepost.wire.numbers import Accepted, SignalsIn


@describe(body=SignalsIn, answer=Accepted, tag="signals")
def post_signals(request: Request) -> Response:
    """Records facts, idempotent by (type, external_id); the accounts' live scores follow within two seconds."""
    asked = read_json(request, SignalsIn)
    signals = [
        Signal(
            type=s.type,
            account=s.account_id,
            external_id=s.external_id,
            at=instant(s.at, "at"),
            user=s.user_id,
            closed_at=None if s.closed_at is None else instant(s.closed_at, "closed_at"),
            category=s.category,
            value=s.value,
            data=s.data,
        )
        for s in asked.signals
    ]
    return answer(Accepted(accepted=record_signals(runtime_of(request), tenant(request), signals)))


routes = [Route("/api/v1/signals", post_signals, methods=["POST"], name="api_signals")]
