"""The sidebar: only pages that exist, and only those the reader may open."""

from dataclasses import dataclass

from starlette.requests import Request

from milepost.web.actors import Admission
from milepost.web.permissions import PERMISSIONS, is_enough


def _(message: str) -> str:
    """Marks a text for the catalogue; the template translates it."""
    return message


@dataclass(frozen=True)
class Entry:
    """One link: route name, icon, English text; `prefix` marks it current for pages below it."""

    route: str
    icon: str
    text: str
    prefix: str


@dataclass(frozen=True)
class Link:
    """An entry as this page shows it."""

    href: str
    icon: str
    text: str
    is_current: bool


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("accounts_page", "portfolio", _("Portfolio"), "accounts"),
            Entry("heatmap_page", "grid", _("Heat map"), "heatmap"),
            Entry("tasks_page", "tasks", _("Tasks"), "tasks"),
            Entry("touches_page", "phone", _("Touches"), "touches"),
            Entry("contacts_page", "user", _("Contacts"), "contacts"),
        ),
    ),
    (
        _("Product"),
        (
            Entry("features_page", "feature", _("Features"), "features"),
            Entry("unmatched_page", "gap", _("Unmatched"), "unmatched"),
            Entry("guides_page", "guide", _("Guides"), "guides"),
            Entry("health_page", "pulse", _("Health models"), "health"),
        ),
    ),
    (
        _("Set-up"),
        (
            Entry("setup_page", "flag", _("Setup"), "setup"),
            Entry("install_page", "code", _("Install"), "install"),
            Entry("import_page", "upload", _("Import accounts"), "import-accounts"),
            Entry("bad_rows_page", "inbox", _("Bad rows"), "bad-rows"),
            Entry("environment_page", "settings", _("Environment"), "settings"),
        ),
    ),
    (
        _("Workspace"),
        (
            Entry("members_page", "users", _("Members"), "members"),
            Entry("environments_page", "globe", _("Environments"), "environments"),
            Entry("keys_page", "key", _("Keys"), "keys"),
            Entry("audit_page", "list", _("Audit log"), "audit"),
        ),
    ),
)


def navigation(request: Request, found: Admission) -> list[tuple[str, list[Link]]]:
    """(heading, links) of every group that has any."""
    if found.actor.kind != "member" or found.environment is None:
        return []
    base = f"/e/{found.environment['key']}"
    groups = []
    for heading, entries in GROUPS:
        links = [_link(request, base, entry) for entry in entries if _is_open(request, found, entry)]
        if links:
            groups.append((heading, links))
    return groups


def _is_open(request: Request, found: Admission, entry: Entry) -> bool:
    exists = entry.route in request.app.state.route_names
    return exists and is_enough(str(found.actor.role), PERMISSIONS[entry.route])


def _link(request: Request, base: str, entry: Entry) -> Link:
    base = f"{base}/{entry.prefix}"
    path = request.url.path
    return Link(base, entry.icon, entry.text, path == base or path.startswith(base + "/"))
