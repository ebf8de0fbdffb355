"""How far people got, written in the transaction of the events that say so; in whatever order they come, the end is the same."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from milepost.actions import audit
from milepost.actions.intake_group import Counted
from milepost.actions.surveys import Word, keep_answer
from milepost.actions.tenant import Tenant
from milepost.rules.choose import LATER_MS, PAUSES_UNREAD, UNREAD_MS, is_unread
from milepost.store import environments as environment_store
from milepost.store import guides as guide_store
from milepost.store import runs as run_store

REASONS = frozenset({"closed", "later", "never", "no_tips"})
WHY_MISSING = frozenset({"missing", "invisible", "ambiguous"})


def follow_guides(connection: Connection, tenant: Tenant, counted: Sequence[Counted], now: int) -> None:
    """Applies every `$guide` event of a known person; unknown runs and other people's runs change nothing.

    A guide that was closed is looked at afterwards: one that most people close unread pauses itself. Only a closing
    that a token or a secret key vouches for is a reason to look, and only runs vouched for are counted: the public key
    is in every page.
    """
    closed: set[int] = set()
    for item in counted:
        reading = item.reading
        if reading.name == "$guide" and reading.type == "track" and item.end_user_id is not None and item.excluded != "unsigned":
            word = _read(connection, tenant.id, item, item.end_user_id)
            if word is not None:
                _apply(connection, tenant.id, word)
                if word.what == "answered":
                    keep_answer(connection, tenant.id, word, item.reading.properties, now)
                if word.what == "dismissed" and word.verified:
                    closed.add(word.guide_id)
    for guide_id in sorted(closed):
        _pause_unread(connection, tenant, guide_id, now)


def _pause_unread(connection: Connection, tenant: Tenant, guide_id: int, now: int) -> None:
    row = guide_store.find_guide_by_id(connection, tenant.id, guide_id)
    if row is None or row["status"] != "published" or row["kind"] not in PAUSES_UNREAD:
        return
    shown, unread = run_store.count_unread(connection, tenant.id, guide_id, row["on_air_at"] or 0, UNREAD_MS)
    if not is_unread(shown, unread):
        return
    guide_store.update_guide(connection, tenant.id, guide_id, status="paused", paused_for="unread", updated_at=now)
    environment_store.raise_generation(connection, tenant.id)
    audit.record(
        connection, tenant.workspace_id, now=now, actor="system", action="guide.paused", subject=row["key"],
        environment_id=tenant.id, shown=shown, unread=unread,
    )  # fmt: skip


def _read(connection: Connection, environment_id: int, item: Counted, end_user_id: int) -> Word | None:
    properties = item.reading.properties
    run = _text(properties.get("run"), 100)
    held = run_store.find_run(connection, environment_id, run) if run is not None else None
    if held is None or held[3] != end_user_id or properties.get("version") not in {None, held[2]}:
        return None
    assert run is not None  # noqa: S101
    return Word(
        run=run,
        run_id=held[0],
        guide_id=held[1],
        version=held[2],
        end_user_id=end_user_id,
        account_id=item.account_id,
        what=_text(properties.get("what"), 20) or "",
        step=_text(properties.get("step"), 80),
        reason=_text(properties.get("reason"), 80),
        over=properties.get("over") is True,
        verified=item.reading.verified,
        at=item.reading.at,
    )


def _text(value: Any, longest: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= longest else None


def _apply(connection: Connection, environment_id: int, word: Word) -> None:
    run_id, step, at = word.run_id, word.step, word.at
    if step is not None:
        run_store.touch_run(
            connection, environment_id, run_id, step=step, at=at, shown=word.what == "shown", account_id=word.account_id,
            verified=word.verified,
        )  # fmt: skip
    if word.what in {"shown", "step"} and step is not None:
        run_store.record_step(connection, environment_id, run_id, step, shown_at=at, missing_at=None, reason=None)
    elif word.what == "missing":
        reason = word.reason if word.reason in WHY_MISSING else "missing"
        if step is not None:
            run_store.record_step(connection, environment_id, run_id, step, shown_at=None, missing_at=at, reason=reason)
        if word.over:
            run_store.close_run(connection, environment_id, run_id, outcome="missing", reason=reason, at=at)
    elif word.what == "finished":
        run_store.close_run(connection, environment_id, run_id, outcome="finished", reason=None, at=at)
        run_store.save_state(connection, environment_id, word.guide_id, word.end_user_id, state="finished", reason=None, at=at)
    elif word.what == "dismissed":
        _dismiss(connection, environment_id, word)


def _dismiss(connection: Connection, environment_id: int, word: Word) -> None:
    reason = word.reason if word.reason in REASONS else "closed"
    run_store.close_run(connection, environment_id, word.run_id, outcome="dismissed", reason=reason, at=word.at)
    state, until = ("later", word.at + LATER_MS) if reason == "later" else ("dismissed", None)
    run_store.save_state(
        connection, environment_id, word.guide_id, word.end_user_id, state=state, reason=reason, at=word.at, until_at=until
    )
    if reason == "no_tips":
        run_store.set_no_tips(connection, environment_id, word.end_user_id)
