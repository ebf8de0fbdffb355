"""Events, usage and scores as JSON lines, with the wire's names."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from milepost.actions.surveys import export_answers
from milepost.rules.days import date_of
from milepost.store import events as event_store
from milepost.store import exports as export_store
from milepost.wire.event import format_instant

NOUNS = ("events", "usage", "scores", "answers")


def export_events(connection: Connection, environment_id: int) -> Iterator[dict[str, Any]]:
    """One dict per stored event, in key order; `excluded` says why an event does not count."""
    users = export_store.read_user_keys(connection, environment_id)
    accounts = export_store.read_account_keys(connection, environment_id)
    features = export_store.read_feature_keys(connection, environment_id)
    for row in event_store.iterate_events(connection, environment_id):
        yield _event(row, users, accounts, features)


def _event(row: tuple[Any, ...], users: dict[int, str], accounts: dict[int, str], features: dict[int, str]) -> dict[str, Any]:
    _, key, message_id, kind, name, at, received_at, _, anonymous, user, account, ordinals, version, guided, ok, out, body = row
    parts = json.loads(body) if body else {}
    sent = int.from_bytes(bytes(key)[:6], "big")
    event: dict[str, Any] = {
        "messageId": message_id,
        "type": kind,
        "event" if kind == "track" else "name": name,
        "timestamp": format_instant(sent) if sent else None,
        "correctedTimestamp": format_instant(at),
        "receivedAt": format_instant(received_at),
        "userId": users.get(user) if user else None,
        "anonymousId": anonymous,
        "groupId": accounts.get(account) if account else None,
        "properties": parts.get("p"),
        "traits": parts.get("t"),
        "context": parts.get("c"),
        "features": [features[o] for o in json.loads(ordinals)] if ordinals else None,
        "catalogueVersion": version,
        "guided": bool(guided),
        "verified": bool(ok),
        "excluded": out,
    }
    return {k: v for k, v in event.items() if v is not None}


def export_usage(connection: Connection, environment_id: int) -> Iterator[dict[str, Any]]:
    """One dict per (account, feature, day, end user), also where old days are kept as one row per month."""
    users = export_store.read_user_keys(connection, environment_id)
    accounts = export_store.read_account_keys(connection, environment_id)
    features = export_store.read_feature_keys(connection, environment_id)
    for account, ordinal, day, user, span, n, guided in export_store.iterate_usage(connection, environment_id):
        yield {
            "groupId": accounts[account],
            "feature": features[ordinal],
            "day": date_of(day).isoformat(),
            "span": span,
            "userId": users[user],
            "n": n,
            "guided": guided,
        }


def export_scores(connection: Connection, environment_id: int) -> Iterator[dict[str, Any]]:
    """One dict per stored score: settled by day, then live; null stays null."""
    accounts = export_store.read_account_keys(connection, environment_id)
    features = export_store.read_feature_keys(connection, environment_id)
    for row in export_store.iterate_scores(connection, environment_id):
        coverage = {"used": row["n_used"], "eligible": row["n_eligible"], "guidedOnly": row["n_guided_only"], "new": row["n_new"]}
        yield {
            "kind": row["kind"],
            "groupId": accounts[row["account_id"]],
            "day": date_of(row["day"]).isoformat(),
            "score": row["score"],
            "knownShare": row["known_share"],
            "band": row["band"],
            "coverage": coverage,
            "usageRate": {"used": row["n_rate_used"], "all": row["n_rate_all"]},
            "coreCoverage": row["core_coverage"],
            "activeShare": row["active_share"],
            "seatUse": row["seat_use"],
            "level": row["level"],
            "stage": row["stage"],
            "activatedOn": date_of(row["activated_on"]).isoformat() if row["activated_on"] is not None else None,
            "items": json.loads(row["items"]),
            "states": {features[int(o)]: state for o, state in json.loads(row["features"]).items()},
            "computedAt": format_instant(row["computed_at"]),
        }


EXPORTS = {"events": export_events, "usage": export_usage, "scores": export_scores, "answers": export_answers}
