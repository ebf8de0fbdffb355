"""The audit log in words: what was done, to what, and the details that were written down with it."""

from collections.abc import Mapping
from typing import Any

from milepost.web.figures import Figures
from milepost.web.translations import Catalogue

# Each text stands in the catalogue with the context "audit".
ACTIONS = {
    "accounts.imported": "Imported accounts",
    "bad_rows.replayed": "Sent bad rows again",
    "builder.opened": "Opened the builder",
    "catalogue.published": "Published the catalogue",
    "catalogue.recounted": "Recounted the past",
    "checkpoint.retired": "Retired a checkpoint",
    "checkpoint.saved": "Saved a checkpoint",
    "contact.added": "Added a contact",
    "contact.changed": "Changed a contact",
    "contact.deleted": "Deleted a contact",
    "contact.restored": "Took back a deleted contact",
    "environment.changed": "Changed the environment",
    "environment.created": "Made an environment",
    "feature.merged": "Merged a feature",
    "feature.retired": "Retired a feature",
    "guide.brought_back": "Brought a guide back",
    "resource.saved": "Saved a resource",
    "resource.deleted": "Deleted a resource",
    "guide.created": "Made a guide",
    "guide.paused": "Paused a guide",
    "guide.published": "Published a guide",
    "guide.resumed": "Resumed a guide",
    "guide.retired": "Retired a guide",
    "guide.saved": "Saved a guide",
    "health_model.activated": "Activated a health model",
    "health_model.published": "Published a health model",
    "identity.secret_rotated": "Replaced the signing secret",
    "identity.secret_shown": "Looked at the signing secret",
    "key.created": "Made a key",
    "key.revoked": "Revoked a key",
    "key.rotated": "Replaced a key",
    "key.secret_in_browser": "Refused a secret key in a browser",
    "member.invite_accepted": "Accepted an invite",
    "member.invite_revoked": "Withdrew an invite",
    "member.invited": "Invited a member",
    "member.logged_in": "Logged in",
    "member.password_changed": "Changed the password",
    "member.removed": "Removed a member",
    "member.role_changed": "Changed a role",
    "task.added": "Made a task",
    "task.changed": "Changed a task",
    "task.deleted": "Deleted a task",
    "task.done": "Finished a task",
    "task.restored": "Took back a deleted task",
    "task.snoozed": "Snoozed a task",
    "theme.saved": "Saved a theme",
    "touch.changed": "Changed a touch",
    "touch.deleted": "Deleted a touch",
    "touch.logged": "Logged a touch",
    "touch.restored": "Took back a deleted touch",
    "tracking.confirmation_withdrawn": "Took back a confirmed silence",
    "tracking.confirmed": "Confirmed a silence",
    "unmatched.ignored": "Put a name aside",
    "unmatched.restored": "Took a name back",
    "workspace.created": "Made the workspace",
}
DETAILS = {
    "activated": "activated",
    "after": "after",
    "before": "before",
    "changed": "changed",
    "created": "made",
    "duplicate": "known already",
    "email": "email",
    "gained": "gained",
    "into": "into",
    "key": "key",
    "kind": "kind",
    "lost": "lost",
    "merged_on": "from",
    "origin": "origin",
    "refused": "refused",
    "replaced_by": "replaced by",
    "restored": "from version",
    "retired_on": "from",
    "role": "role",
    "stored": "stored",
    "version": "version",
}
DAYS = frozenset({"merged_on", "retired_on"})
WHO = {"system": "the system", "command": "the command line", "operator": "the command line"}
NAMED = 5  # of a longer list the first ones are named


def say_action(action: str, texts: Catalogue) -> str:
    """What was done; an action without words stands as it was written."""
    text = ACTIONS.get(action)
    return action if text is None else texts.pgettext("audit", text)


def say_who(who: str, texts: Catalogue) -> str:
    """Milepost itself and its command line by name; others as they are."""
    text = WHO.get(who)
    return who if text is None else texts.pgettext("audit", text)


def say_detail(detail: Mapping[str, Any], texts: Catalogue, fmt: Figures) -> str:
    """ "role: csm · email: ann@…"; what is empty is left out."""
    pair = "{}：{}" if fmt.is_chinese else "{}: {}"
    shown = [(name, say_value(name, value, texts, fmt)) for name, value in detail.items() if value not in (None, "", [], {})]
    return " · ".join(pair.format(texts.pgettext("audit", DETAILS.get(name, name)), text) for name, text in shown)


def say_value(name: str, value: Any, texts: Catalogue, fmt: Figures) -> str:
    """A value as people read it."""
    comma = "、" if fmt.is_chinese else ", "
    if isinstance(value, bool):
        return texts.gettext("yes") if value else texts.gettext("no")
    if isinstance(value, int):
        return fmt.number(value)
    if isinstance(value, Mapping):
        return comma.join(f"{key} {say_value(name, held, texts, fmt)}" for key, held in value.items())
    if isinstance(value, list):
        rest = [f"+{len(value) - NAMED}"] if len(value) > NAMED else []
        return comma.join([str(held) for held in value[:NAMED]] + rest)
    return fmt.iso_as_day(value) if name in DAYS else str(value)
