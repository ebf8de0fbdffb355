"""Contacts: whom to talk to, account by account; added by hand or from a CSV file, changed, deleted, taken back."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.actions import contacts as actions
from milepost.actions.account_names import name_account
from milepost.actions.contacts import ContactLine, SavedContacts
from milepost.errors import Invalid
from milepost.rules.contact_file import MAX_ROWS, read_contact_file
from milepost.rules.days import date_of
from milepost.web import inputs
from milepost.web.api_shapes import iso, runtime_of
from milepost.web.guard import doer, tenant, today
from milepost.web.inputs import check_storable, upload
from milepost.web.pages import figures, render, translations
from milepost.web.said import go_back, read_said, way_back
from milepost.web.tables import Order, answer_csv, arrange, read_order, read_page, with_query
from milepost.web.work_forms import Draft, contact_draft, new_contact_draft, read_contact_form
from milepost.web.work_words import WorkWords

PAGE_ROWS = 100
MAX_BYTES = 900_000
COLUMNS: dict[str, Callable[[ContactLine], object]] = {
    "name": lambda line: line.row.name.casefold(),
    "account": lambda line: line.account_name.casefold(),
    "role": lambda line: line.row.role.casefold() if line.row.role else None,
    "touch": lambda line: line.last_touch_at,
    "left": lambda line: line.row.left_on,
}


def _(message: str) -> str:
    """Marks a text for the catalogue."""
    return message


NO_TEXT = _("Choose a CSV file, or paste its text.")
NO_HEADS = _("The first row must name the columns; account_id and name are needed.")
TOO_LARGE = _("The file is too large; split it into files of at most 20,000 rows and 900 kB.")
NOT_UTF8 = _("The file is not UTF-8 text; save it as “CSV UTF-8” and choose it again.")


def contacts_page(request: Request) -> Response:
    """By account and name; `?account=` keeps one account's, `?sponsor=1` those who decide."""
    lines, order = _read(request)
    return _show(request, lines, order)


def contacts_csv(request: Request) -> Response:
    """What the page shows, all of it; the file can be changed and imported again."""
    lines, _order = _read(request)
    words, said = WorkWords(translations(request)), translations(request).gettext
    fmt = figures(request)
    yes, no = said(_("yes")), said(_("no"))
    head = [
        said(text)
        for text in (
            _("Account id"), _("Account"), _("External id"), _("Contact"), _("Role"), _("E-mail"), _("Phone number"), _("IM id"),
            _("Sponsor"), _("Champion"), _("Left on"), _("Last touch"), _("Source"),
        )
    ]  # fmt: skip
    rows = [
        (
            line.account_key, line.account_name, line.row.external_id, line.row.name, line.row.role, line.row.email,
            line.row.phone, line.row.im_id, yes if line.row.is_sponsor else no, yes if line.row.is_champion else no,
            iso(line.row.left_on), None if line.last_touch_at is None else fmt.iso(line.last_touch_at),
            words.word("contact_source", line.row.source),
        )
        for line in lines
    ]  # fmt: skip
    return answer_csv(f"contacts-{date_of(today(request)).isoformat()}", head, rows)


def import_contacts(request: Request) -> Response:
    """A file of contacts, taken at once: said again it changes nothing, and refused rows are named."""
    said = translations(request).gettext
    text, problem = _read_text(request)
    problem, found = said(problem), None
    try:
        found = None if problem else read_contact_file(text)
    except Invalid as unreadable:
        problem = translations(request).say(unreadable)
    if found is None:
        lines, order = _read(request)
        return _show(request, lines, order, problem=problem or said(NO_HEADS), text=text, status=422)
    saved = actions.save_contacts(runtime_of(request), tenant(request), found.contacts, doer(request), "csv")
    lines, order = _read(request)
    return _show(request, lines, order, imported=saved, refused=found.refused)


def new_contact(request: Request) -> Response:
    """An empty form."""
    return _show_form(request, new_contact_draft(), request.query_params.get("account", ""))


def create_contact(request: Request) -> Response:
    """The posted form."""
    account = inputs.field(request, "account", longest=500)
    draft, shape = read_contact_form(request)
    if shape is None:
        return _show_form(request, draft, account, status=422)
    made = actions.add_contact(runtime_of(request), tenant(request), account, shape, doer(request))
    return go_back(request, account, "contact-added", made)


def edit_contact(request: Request) -> Response:
    """The form with what is known."""
    line = _held(request)
    return _show_form(request, contact_draft(line.row), line.account_key, line)


def change_contact(request: Request) -> Response:
    """The posted form of one that is there."""
    line = _held(request)
    draft, shape = read_contact_form(request)
    if shape is None:
        return _show_form(request, draft, line.account_key, line, status=422)
    actions.change_contact(runtime_of(request), tenant(request), line.row.public_id, shape, doer(request))
    return go_back(request, line.account_key, "contact-changed", line.row.public_id)


def delete_contact(request: Request) -> Response:
    """Gone from the lists; touches keep the name."""
    contact = request.path_params["contact"]
    account = actions.delete_contact(runtime_of(request), tenant(request), contact, doer(request))
    return go_back(request, account, "contact-deleted", contact)


def undo_contact(request: Request) -> Response:
    """The deletion or the last change taken back."""
    account = actions.undo_contact(runtime_of(request), tenant(request), request.path_params["contact"], doer(request))
    return go_back(request, account, "undone")


def _held(request: Request) -> ContactLine:
    return actions.read_contact(runtime_of(request), tenant(request), request.path_params["contact"])


def _read(request: Request) -> tuple[list[ContactLine], Order]:
    account = request.query_params.get("account") or None
    lines = actions.list_contact_lines(runtime_of(request), tenant(request), account)
    if request.query_params.get("sponsor"):
        lines = [line for line in lines if line.row.is_sponsor]
    order = read_order(request, COLUMNS, "account")
    return arrange(lines, COLUMNS, order), order


def _read_text(request: Request) -> tuple[str, str]:
    """(text, what is wrong)."""
    file = upload(request, "file")
    data = file.file.read(MAX_BYTES + 1) if file is not None and file.filename else b""
    if len(data) > MAX_BYTES:
        return "", TOO_LARGE
    try:
        text = data.decode("utf-8-sig") or str(inputs.form(request).get("text", ""))
    except UnicodeDecodeError:
        return "", NOT_UTF8
    check_storable(text)
    if text.count("\n") > MAX_ROWS:
        return "", TOO_LARGE
    return text, "" if text.strip() else NO_TEXT


def _show(
    request: Request,
    lines: list[ContactLine],
    order: Order,
    *,
    problem: str = "",
    text: str = "",
    imported: SavedContacts | None = None,
    refused: list[tuple[int, str]] | None = None,
    status: int = 200,
) -> Response:
    page = read_page(request)
    account = request.query_params.get("account", "")
    return render(
        request,
        "contacts.html",
        status=status,
        lines=lines[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
        n_lines=len(lines),
        page=page,
        n_pages=max(1, -(-len(lines) // PAGE_ROWS)),
        order=order,
        account=account,
        account_name=name_account(runtime_of(request), tenant(request), account) if account else "",
        only_sponsors=bool(request.query_params.get("sponsor")),
        link=lambda **changes: with_query(request, **({"page": None, "said": None, "of": None} | changes)),
        problem=problem,
        text=text,
        imported=imported,
        refused=refused or [],
        today=today(request),
        work=WorkWords(translations(request)),
        said=read_said(request),
        keep=request.url.query,
    )


def _show_form(request: Request, draft: Draft, account: str, line: ContactLine | None = None, status: int = 200) -> Response:
    return render(
        request,
        "contact_form.html",
        status=status,
        draft=draft,
        account=account,
        account_name=line.account_name if line else name_account(runtime_of(request), tenant(request), account),
        line=line,
        **way_back(request),
    )


BASE = "/e/{environment}/contacts"
routes = [
    Route(BASE, contacts_page, name="contacts_page"),
    Route(BASE, import_contacts, methods=["POST"], name="import_contacts"),
    Route(BASE + ".csv", contacts_csv, name="contacts_csv"),
    Route(BASE + "/_new", new_contact, name="new_contact"),
    Route(BASE + "/_new", create_contact, methods=["POST"], name="create_contact"),
    Route(BASE + "/{contact}", edit_contact, name="edit_contact"),
    Route(BASE + "/{contact}", change_contact, methods=["POST"], name="change_contact"),
    Route(BASE + "/{contact}/delete", delete_contact, methods=["POST"], name="delete_contact"),
    Route(BASE + "/{contact}/undo", undo_contact, methods=["POST"], name="undo_contact"),
]
