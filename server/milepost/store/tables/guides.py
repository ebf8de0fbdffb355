"""Guides, their frozen versions, and how far each person got."""

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint

from milepost.store.tables.base import integer, real, serial, table, text

guides = table(
    "guides",
    integer("environment_id"),
    serial(),
    text("public_id"),  # gde_…
    text("key"),  # stable name used by guides as code and links
    text("name"),
    text("kind"),  # tour | tooltip | modal …
    text("goal_feature", null=True),
    text("draft"),  # JSON: wire.guide.Guide
    text("status"),  # draft | published | paused | retired
    text("paused_for", null=True),  # unread: it paused itself, since too many closed it unread
    integer("on_air_at", null=True),  # when it was last put on air or resumed
    integer("current_version", null=True),
    integer("created_at"),
    integer("updated_at"),
    UniqueConstraint("public_id"),
    UniqueConstraint("environment_id", "key"),
    UniqueConstraint("environment_id", "id"),
)

guide_versions = table(
    "guide_versions",
    integer("environment_id"),
    integer("guide_id"),
    integer("version"),
    text("document"),  # JSON, frozen
    integer("published_at"),
    text("published_by"),
    PrimaryKeyConstraint("environment_id", "guide_id", "version"),
)

runs = table(
    "runs",
    integer("environment_id"),
    serial(),
    text("public_id"),  # run_…, made by the SDK
    integer("guide_id"),
    integer("version"),
    integer("end_user_id"),
    integer("account_id", null=True),
    integer("free", default=0),  # spends no attention budget
    integer("linked", default=0),  # a link asked for it
    integer("verified", default=0),  # a token or a secret key vouched for the person
    integer("started_at"),
    integer("last_at"),
    text("step", null=True),  # the step reached
    integer("shown_at", null=True),
    integer("closed_at", null=True),
    text("outcome", null=True),  # finished | dismissed | missing
    text("reason", null=True),  # closed | later | never | no_tips
    UniqueConstraint("environment_id", "public_id"),
    Index(None, "environment_id", "end_user_id", "started_at"),
    Index(None, "environment_id", "guide_id", "started_at"),
)

# The funnel: one row per step a run reached, first time only.
run_steps = table(
    "run_steps",
    integer("environment_id"),
    integer("run_id"),
    text("step"),
    integer("shown_at", null=True),
    integer("missing_at", null=True),
    text("missing_reason", null=True),
    PrimaryKeyConstraint("environment_id", "run_id", "step"),
)

# What a person has said about a guide, in the same transaction as the event that said it.
guide_states = table(
    "guide_states",
    integer("environment_id"),
    integer("guide_id"),
    integer("end_user_id"),
    text("state"),  # finished | dismissed | later
    text("reason", null=True),
    integer("at"),
    integer("until_at", null=True),
    integer("n_shown", default=0),
    integer("last_shown_at", null=True),
    PrimaryKeyConstraint("environment_id", "end_user_id", "guide_id"),
)

# What a person answered, once per question (and dimension): the latest word, in the transaction of the event that said it.
survey_answers = table(
    "survey_answers",
    integer("environment_id"),
    integer("guide_id"),
    integer("end_user_id"),
    text("question"),
    text("part", default=""),  # the dimension of a satisfaction question, the article of a resource centre
    integer("run_id"),
    integer("account_id", null=True),
    text("kind"),  # nps | csat | choice | text | helped
    real("score", null=True),
    text("answer"),  # JSON: the score, the ids chosen, or the text
    integer("at"),
    PrimaryKeyConstraint("environment_id", "guide_id", "end_user_id", "question", "part"),
    Index(None, "environment_id", "at"),
)

resources = table(
    "resources",
    integer("environment_id"),
    serial(),
    text("key"),
    text("document"),  # JSON: wire.resource.Resource
    integer("updated_at"),
    UniqueConstraint("environment_id", "key"),
)

guide_themes = table(
    "guide_themes",
    integer("environment_id"),
    text("key"),
    text("document"),
    PrimaryKeyConstraint("environment_id", "key"),
)
