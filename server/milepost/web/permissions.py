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
    "sdk_boot": "key",
    "sdk_claim": "key",
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
    # set-up, keys and people
    "setup_page": "viewer",
    "setup_lights": "viewer",
    "install_page": "viewer",
    "change_identity_mode": "admin",
    "bad_rows_page": "viewer",
    "replay_rows": "admin",
    "environment_page": "viewer",
    "save_environment": "admin",
    "environment_secret": "admin",
    "rotate_environment_secret": "admin",
    "environments_page": "viewer",
    "add_environment": "admin",
    "members_page": "viewer",
    "invite_member": "admin",
    "revoke_invite": "admin",
    "change_member_role": "admin",
    "remove_member": "admin",
    "renew_member": "admin",
    "keys_page": "admin",
    "add_key": "admin",
    "rotate_key": "admin",
    "revoke_key": "admin",
    "audit_page": "admin",
    "audit_csv": "admin",
    # accounts
    "accounts_page": "viewer",
    "accounts_csv": "viewer",
    "account_page": "viewer",
    "account_stamp": "viewer",
    # features, the inbox, checkpoints, health models, import of accounts
    "features_page": "viewer",
    "export_features": "viewer",
    "feature_live_counts": "viewer",
    "feature_page": "viewer",
    "export_feature": "viewer",
    "confirm_silence": "author",
    "withdraw_confirmation": "author",
    "new_feature": "author",
    "create_feature": "author",
    "edit_feature": "author",
    "change_feature": "author",
    "retire_feature": "author",
    "unretire_feature": "author",
    "merge_feature": "author",
    "unmatched_page": "viewer",
    "make_feature": "author",
    "ignore_name": "author",
    "restore_name": "author",
    "recount_page": "author",
    "checkpoints_page": "viewer",
    "new_checkpoint": "author",
    "create_checkpoint": "author",
    "edit_checkpoint": "author",
    "change_checkpoint": "author",
    "retire_checkpoint": "author",
    "health_page": "viewer",
    "publish_health_model": "csm",
    "activate_health_model": "csm",
    "import_page": "csm",
    "import_accounts": "csm",
    "heatmap_page": "viewer",
    "heatmap_csv": "viewer",
    # management API: numbers
    "api_features": "viewer",
    "api_feature": "viewer",
    "api_create_feature": "author",
    "api_change_feature": "author",
    "api_retire_feature": "author",
    "api_merge_feature": "author",
    "api_confirm_silence": "author",
    "api_catalogue": "viewer",
    "api_push_catalogue": "author",
    "api_preview_catalogue": "viewer",
    "api_recount": "author",
    "api_unmatched": "viewer",
    "api_accept_unmatched": "author",
    "api_ignore_unmatched": "author",
    "api_checkpoints": "viewer",
    "api_save_checkpoint": "author",
    "api_retire_checkpoint": "author",
    "api_accounts": "viewer",
    "api_account": "viewer",
    "api_heatmap": "viewer",
    "guides_page": "viewer",
    "export_guides": "viewer",
    "guide_page": "viewer",
    "publish_guide": "author",
    "restore_guide": "author",
    "set_guide_status": "author",
    "api_guides": "viewer",
    "api_guide": "viewer",
    "api_guide_documents": "viewer",
    "api_guide_versions": "viewer",
    "api_push_guides": "author",
    "api_save_guide": "author",
    "api_draft": "viewer",
    "api_save_draft": "author",
    "api_audience_size": "viewer",
    "api_publish_guide": "author",
    "api_restore_guide": "author",
    "api_set_guide_status": "author",
    "api_themes": "viewer",
    "api_save_theme": "author",
    "api_signals": "csm",
    "api_health_models": "viewer",
    "api_validate_health_model": "viewer",
    "api_publish_health_model": "csm",
    "api_activate_health_model": "csm",
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
