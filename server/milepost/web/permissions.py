"""The one table: route name → who may use it. A route without a row can't start.

`public` needs nothing; `key` is a write key, checked by the endpoint itself; the rest is the least role.
`csm` and `author` stand side by side: neither may do what only the other may. A secret key of an environment
may do what both may, in its environment, and nothing that needs `admin`.
"""

from milepost.actions.workspaces import ROLES

PERMISSIONS: dict[str, str] = {
    # for operators and machines
    "livez": "public",
    "readyz": "public",
    "metrics": "public",
    "openapi": "public",
    "static": "public",
    "favicon": "public",
    # the script in the host product
    "sdk_loader": "public",
    "sdk_chunk": "public",
    # events in
    "segment_events": "key",
    "segment_metrics": "key",
    "segment_settings": "key",
    "rudder_source_config": "key",
    "rudder_source_config_bare": "key",
    # the console's own doors
    "login": "public",
    "log_in": "public",
    "invite": "public",
    "accept_invite": "public",
    "preferences": "public",
    "log_out": "viewer",
    "password": "viewer",
    "change_password": "viewer",
    "home": "viewer",
    "home_of": "viewer",
}

_ENOUGH: dict[str, frozenset[str]] = {
    "viewer": frozenset({"viewer", "csm", "author", "admin", "owner"}),
    "csm": frozenset({"csm", "admin", "owner"}),
    "author": frozenset({"author", "admin", "owner"}),
    "admin": frozenset({"admin", "owner"}),
    "owner": frozenset({"owner"}),
}
KEY_MAY = frozenset({"viewer", "csm", "author"})


def allowed_roles(permission: str) -> tuple[str, ...]:
    """Roles that have the permission, least first; empty for `public` and `key`."""
    return tuple(role for role in ROLES if role in _ENOUGH.get(permission, frozenset()))


def is_enough(role: str, permission: str) -> bool:
    """Whether this role has the permission."""
    return role in _ENOUGH[permission]
