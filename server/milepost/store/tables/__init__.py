"""Every table, one module per noun; the migrations make exactly these (a house test compares)."""

from milepost.store.tables import accounts, builder, catalogue, contacts, events, guides, scores, tasks, workspaces
from milepost.store.tables.base import metadata

__all__ = ["accounts", "builder", "catalogue", "contacts", "events", "guides", "metadata", "scores", "tasks", "workspaces"]
