"""Guides: the list with 28-day counts, and one guide with its funnel, its words and its versions."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import guides as actions
from milepost.actions.feature_history import read_author_names
from milepost.actions.guide_audience import Size, read_sizes
from milepost.actions.guide_report import ENDINGS, GuideLine, Report, list_guide_lines, read_report
from milepost.actions.survey_report import list_all_answers, read_survey
from milepost.errors import Invalid, MilepostError, Unpublishable
from milepost.rules.localise import choose_locale, locales_of, resolve
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.store import guides as guide_store
from milepost.web.api_shapes import runtime_of
from milepost.web.guard import actor, tenant
from milepost.web.guide_words import Words
from milepost.web.inputs import field, only_fields
from milepost.web.pages import go, locale, render, translations
from milepost.web.survey_view import say_survey, say_value
from milepost.web.tables import Key, answer_csv, arrange, read_order, with_query
from milepost.wire.event import format_instant
from milepost.wire.guide import Guide

SHOWS = ("all", "published", "draft", "paused", "retired")


def finished_share(line: GuideLine) -> float | None:
    """Finished ÷ shown; None when it was not shown."""
    return line.funnel.finished / line.funnel.shown if line.funnel.shown else None


COLUMNS: dict[str, Key] = {
    "name": lambda x: x.guide.name.casefold(),
    "status": lambda x: (SHOWS.index(x.row["status"]), -(x.row["current_version"] or 0)),
    "shown": lambda x: x.funnel.shown,
    "finished": finished_share,
    "edited": lambda x: x.row["updated_at"],
}


def guides_page(request: Request) -> Response:
    """Every guide; the retired ones only when asked for."""
    runtime, held = runtime_of(request), tenant(request)
    lines = list_guide_lines(runtime, held)
    order = read_order(request, COLUMNS, "edited", is_down=True)
    show = request.query_params.get("show", "all")
    sizes = read_sizes(runtime, held, {line.row["id"]: line.guide for line in lines if line.row["status"] != "retired"})
    context: dict[str, Any] = {
        "lines": arrange([line for line in lines if _is_shown(line, show)], COLUMNS, order),
        "n_all": len(lines),
        "counts": {name: sum(_is_shown(line, name) for line in lines) for name in SHOWS},
        "show": show if show in SHOWS else "all",
        "order": order,
        "link": lambda **changes: with_query(request, **changes),
        "sizes": sizes,
        "no_size": Size(),
        "names": _feature_names(request),
        "finished_share": finished_share,
        "trouble": [line for line in lines if line.row["status"] == "published" and missing_steps(line)],
        "unread": [line for line in lines if line.row["status"] == "paused" and line.row["paused_for"] == "unread"],
        "missing_steps": missing_steps,
        "targets": targets,
    }
    return render(request, "guides.html", **context)


def export_guides(request: Request) -> Response:
    """The same rows as CSV."""
    runtime, held = runtime_of(request), tenant(request)
    lines = [x for x in list_guide_lines(runtime, held) if _is_shown(x, request.query_params.get("show", "all"))]
    sizes = read_sizes(runtime, held, {x.row["id"]: x.guide for x in lines})
    head = (
        "key", "name", "kind", "status", "version", "goal_feature", "audience_people", "audience_accounts", "shown_28d",
        "finished_28d", "people_28d", "accounts_28d", "updated_at",
    )  # fmt: skip
    rows = [
        (
            x.row["key"], x.guide.name, x.row["kind"], x.row["status"], x.row["current_version"], x.guide.goal_feature,
            sizes[x.row["id"]].people, sizes[x.row["id"]].accounts, x.funnel.shown, x.funnel.finished, x.funnel.people,
            x.funnel.accounts, format_instant(x.row["updated_at"]),
        )
        for x in arrange(lines, COLUMNS, read_order(request, COLUMNS, "edited", is_down=True))
    ]  # fmt: skip
    return answer_csv("guides", head, rows)


def guide_page(request: Request) -> Response:
    """One guide, read-only: its funnel, who and when in words, its steps, its versions."""
    return _show(request)


def _show(request: Request, *, error: str = "", status: int = 200) -> Response:
    runtime, held = runtime_of(request), tenant(request)
    report = read_report(runtime, held, request.path_params["guide"])
    guide = report.on_air if report.on_air is not None and report.row["status"] in {"published", "paused"} else report.draft
    words = _words(request)
    context: dict[str, Any] = {
        "report": report,
        "guide": guide,
        "row": report.row,
        "size": read_sizes(runtime, held, {report.row["id"]: guide})[report.row["id"]],
        "goal_name": _feature_names(request).get(guide.goal_feature or ""),
        "words": words,
        "audience": words.audience(guide.audience),
        "trigger": words.trigger(guide),
        "frequency": words.frequency(guide),
        "previews": _previews(guide, locale(request)),
        "endings": [(name, report.ended[name]) for name in ENDINGS if report.ended.get(name)],
        "versions": _versions(request, report, words),
        "blocked": [p for p in report.problems if p.blocks],
        "warnings": [p for p in report.problems if not p.blocks],
        "error": error,
        "survey": say_survey(read_survey(runtime, held, report), guide, locale(request)) if guide.kind == "survey" else None,
        "equal": request.query_params.get("equal") == str(report.row["current_version"]),
    }
    return render(request, "guide.html", status=status, **context)


def export_guide_answers(request: Request) -> Response:
    """Every answer to one survey, one row per person, question and dimension, newest first."""
    runtime, held = runtime_of(request), tenant(request)
    report = read_report(runtime, held, request.path_params["guide"])
    head = ("question", "part", "kind", "score", "answer", "user_id", "user", "account_id", "account", "at")
    rows = [
        (
            x.answer.question, x.answer.part, x.answer.kind, x.answer.score, say_value(x.answer.value), x.person, x.person_name,
            x.account, x.account_name, format_instant(x.at),
        )
        for x in list_all_answers(runtime, held, report)
    ]  # fmt: skip
    return answer_csv(f"answers-{report.row['key']}", head, rows)


def publish_guide(request: Request) -> Response:
    """The draft goes on air as the next version."""
    only_fields(request)
    return _change(request, lambda name, who: actions.publish_guide(runtime_of(request), tenant(request), name, who))


def restore_guide(request: Request) -> Response:
    """An old version goes on air again."""
    only_fields(request, "version")
    text = field(request, "version", longest=9)
    if not text.isdigit():
        raise Invalid("Name the version by its number.")
    return _change(request, lambda name, who: actions.restore_version(runtime_of(request), tenant(request), name, int(text), who))


def set_guide_status(request: Request) -> Response:
    """Pause, resume, retire or bring back."""
    only_fields(request, "status")
    change = {
        "paused": actions.pause_guide,
        "published": actions.resume_guide,
        "retired": actions.retire_guide,
        "back": actions.bring_back_guide,
    }.get(field(request, "status", longest=20))
    if change is None:
        raise Invalid("A guide can be published, paused or retired.")
    return _change(request, lambda name, who: change(runtime_of(request), tenant(request), name, who))


def _change(request: Request, change: Any) -> Response:
    """Back to the guide; a refusal stands on it with its reason."""
    name = request.path_params["guide"]
    try:
        done = change(name, actor(request).public_id)
    except Unpublishable as problem:
        said = translations(request).gettext("It can't be published yet; below stands what stops it.")
        return _show(request, error=said, status=problem.status)
    except MilepostError as problem:
        if problem.status == 404:
            raise
        return _show(request, error=translations(request).say(problem), status=problem.status)
    shown = go(request, "guide_page", guide=name)
    if isinstance(done, actions.Published) and not done.is_new:
        shown.headers["location"] += f"?equal={done.version}"
    return shown


def missing_steps(line: GuideLine) -> list[Any]:
    """Steps of the guide on air whose target was not there for somebody in 28 days."""
    ids = {step.id for step in line.guide.steps}
    return [step for step in line.steps if step.missing and step.step in ids]


def targets(line: GuideLine) -> int:
    """How many steps point at something."""
    return sum(step.target is not None for step in line.guide.steps)


def _is_shown(line: GuideLine, show: str) -> bool:
    status = str(line.row["status"])
    return status == show if show in SHOWS[1:] else status != "retired"


def _feature_names(request: Request) -> dict[str, str]:
    with db.reading(runtime_of(request).engine) as connection:
        return {row["key"]: row["name"] for row in feature_store.list_features(connection, tenant(request).id)}


def _words(request: Request) -> Words:
    with db.reading(runtime_of(request).engine) as connection:
        names = {row["key"]: row["name"] for row in guide_store.list_guides(connection, tenant(request).id)}
    return Words(translations(request), _feature_names(request), names)


def _previews(guide: Guide, reader: str) -> list[dict[str, Any]]:
    """The steps in every language the guide has, the reader's own first."""
    locales = locales_of(guide)
    first = choose_locale(locales, reader, guide.default_locale)
    return [resolve(guide, name) for name in sorted(locales, key=lambda name: (name != first, name))]


def _versions(request: Request, report: Report, words: Words) -> list[dict[str, Any]]:
    with db.reading(runtime_of(request).engine) as connection:
        authors = read_author_names(connection, tenant(request).workspace_id)
    older: list[Guide | None] = [*(held.guide for held in report.versions[1:]), None]
    return [
        {
            "version": held.version,
            "at": held.published_at,
            "by": authors.get(held.published_by, held.published_by),
            "changes": words.changes(before, held.guide),
        }
        for held, before in zip(report.versions, older, strict=False)  # the first version has none before it
    ]


routes = [
    Route("/e/{environment}/guides", guides_page, name="guides_page"),
    Route("/e/{environment}/guides/_list.csv", export_guides, name="export_guides"),
    Route("/e/{environment}/guides/{guide}", guide_page, name="guide_page"),
    Route("/e/{environment}/guides/{guide}/answers.csv", export_guide_answers, name="export_guide_answers"),
    Route("/e/{environment}/guides/{guide}/publish", publish_guide, methods=["POST"], name="publish_guide"),
    Route("/e/{environment}/guides/{guide}/restore", restore_guide, methods=["POST"], name="restore_guide"),
    Route("/e/{environment}/guides/{guide}/status", set_guide_status, methods=["POST"], name="set_guide_status"),
]
