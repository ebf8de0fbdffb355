"""Management API of health models: versions, validation, publishing, which one scores."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.health import activate_model, check_model, judge_model, list_models, publish_model
from milepost.actions.trial import try_model
from milepost.store import engine as db
from milepost.web.api_shapes import answer, runtime_of, show_model, show_verdict
from milepost.web.describe import describe
from milepost.web.guard import actor, tenant
from milepost.web.inputs import read_json
from milepost.wire.numbers import ActivateIn, ModelIn, ModelList, ModelOut, PublishedOut, VerdictOut

TAG = "health"


@describe(answer=ModelList, tag=TAG)
def list_all(request: Request) -> Response:
    """Every published version of every model, newest first."""
    with db.reading(runtime_of(request).engine) as connection:
        models = list_models(connection, tenant(request).id)
    return answer(ModelList(models=[show_model(held) for held in models]))


@describe(body=ModelIn, answer=VerdictOut, tag=TAG)
def validate(request: Request) -> Response:
    """Judges a model without storing it: reachable scores, a dead and a perfect account, how many would alarm today."""
    asked = read_json(request, ModelIn)
    model, _alone = check_model(asked.source)
    with db.reading(runtime_of(request).engine) as connection:
        verdict = judge_model(connection, tenant(request).id, model)
    trial = try_model(runtime_of(request), tenant(request), model)
    verdict.warnings.extend(trial.warnings)
    return answer(show_verdict(model.id, verdict, trial.n_alarming, trial.n_accounts))


@describe(body=ModelIn, answer=PublishedOut, status=201, tag=TAG)
def publish(request: Request) -> Response:
    """Publishes an immutable version and, unless told otherwise, lets it score from now on."""
    asked = read_json(request, ModelIn)
    held, verdict = publish_model(
        runtime_of(request), tenant(request), asked.source, actor(request).public_id, activate=asked.activate
    )
    return answer(PublishedOut(model=show_model(held), verdict=show_verdict(held.key, verdict)), 201)


@describe(body=ActivateIn, answer=ModelOut, tag=TAG)
def activate(request: Request) -> Response:
    """Lets another published version score from now on."""
    version = read_json(request, ActivateIn).version
    key = request.path_params["model"]
    return answer(show_model(activate_model(runtime_of(request), tenant(request), key, version, actor(request).public_id)))


routes = [
    Route("/api/v1/health/models", list_all, methods=["GET"], name="api_health_models"),
    Route("/api/v1/health/models", publish, methods=["POST"], name="api_publish_health_model"),
    Route("/api/v1/health/models/{model}/activate", activate, methods=["POST"], name="api_activate_health_model"),
    Route("/api/v1/health/validate", validate, methods=["POST"], name="api_validate_health_model"),
]
