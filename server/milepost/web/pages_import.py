"""Accounts from a CSV file: choose it, check the mapping, see what would change, apply.

Nothing is kept between the steps: the file's text travels in the form itself, so a restart in between loses nothing.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions.import_accounts import COLUMNS, KEY, find_delimiter, guess_mapping, import_accounts, read_columns
from milepost.errors import Invalid
from milepost.web.api_shapes import runtime_of
from milepost.web.guard import actor, tenant
from milepost.web.inputs import check_storable, field, form, upload
from milepost.web.pages import render, translations

MAX_BYTES = 8 * 1024 * 1024
SHOWN_REFUSED = 200


def _(message: str) -> str:
    """Marks a text for the catalogue."""
    return message


NO_FILE = _("Choose a CSV file, or paste its text.")
NOT_UTF8 = _("The file is not UTF-8 text; save it as \u201cCSV UTF-8\u201d and choose it again.")
TOO_LARGE = _("The file is larger than 8 MiB; split it, or use the command milepost import accounts.")
NO_KEY = _("Say which column holds the account's id.")


def import_page(request: Request) -> Response:
    """The first step."""
    return render(request, "import_accounts.html", step="file", problem="", columns=COLUMNS)


def take_step(request: Request) -> Response:
    """`do` = mapping (after the upload), check (dry run) or apply."""
    do = field(request, "do", longest=10)
    said = translations(request).gettext
    try:
        text = _read_text(request)
        columns = read_columns(text)
    except Invalid as problem:
        words = translations(request).say(problem)
        return render(request, "import_accounts.html", status=422, step="file", problem=words, columns=COLUMNS)
    if do not in {"check", "apply"}:
        return _show_mapping(request, text, columns, guess_mapping(columns))
    mapping = {name: field(request, f"map-{name}", longest=1000) for name in COLUMNS}
    mapping = {name: column for name, column in mapping.items() if column}
    if KEY not in mapping:
        return _show_mapping(request, text, columns, mapping, said(NO_KEY))
    try:
        found = import_accounts(
            runtime_of(request), tenant(request), text, mapping, dry_run=do == "check", actor_name=actor(request).public_id
        )
    except Invalid as problem:
        return _show_mapping(request, text, columns, mapping, translations(request).say(problem))
    return render(
        request,
        "import_accounts.html",
        step="done" if do == "apply" else "check",
        problem="",
        text=text,
        mapping=mapping,
        found=found,
        columns=COLUMNS,
        n_shown=SHOWN_REFUSED,
    )


def _show_mapping(request: Request, text: str, columns: list[str], mapping: dict[str, str], problem: str = "") -> Response:
    return render(
        request,
        "import_accounts.html",
        status=422 if problem else 200,
        step="mapping",
        problem=problem,
        text=text,
        heads=columns,
        mapping=mapping,
        columns=COLUMNS,
        n_rows=max(0, len(text.splitlines()) - 1),
        has_semicolons=find_delimiter(text) == ";",
    )


def _read_text(request: Request) -> str:
    """The uploaded file, else the text that travels in the form; raises Invalid with a message of the catalogue."""
    file = upload(request, "file")
    content = file.file.read(MAX_BYTES + 1) if file is not None and file.filename else b""
    if not content:
        given = form(request).get("text", "")
        text = given.removeprefix("\r\n") if isinstance(given, str) else ""
        content = text.encode()
    if len(content) > MAX_BYTES:
        raise Invalid(TOO_LARGE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Invalid(NOT_UTF8) from problem
    if not text.strip():
        raise Invalid(NO_FILE)
    check_storable(text)
    return text


BASE = "/e/{environment}/import-accounts"
routes = [
    Route(BASE, import_page, methods=["GET"], name="import_page"),
    Route(BASE, take_step, methods=["POST"], name="import_accounts"),
]
