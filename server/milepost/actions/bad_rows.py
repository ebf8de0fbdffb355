"""Sends refused events again, after their cause was repaired."""

from dataclasses import dataclass

from milepost.actions.intake_group import Batch
from milepost.actions.over_cap import BY_KEY, BY_TOKEN, vouch
from milepost.actions.receive import KINDS
from milepost.actions.runtime import Runtime
from milepost.actions.tenant import Tenant
from milepost.errors import Unavailable
from milepost.rules.reading import Moment, read_event
from milepost.store import engine as db
from milepost.store import ledger
from milepost.wire.event import TYPES, Refused

WAIT_S = 20


@dataclass
class Replay:
    """What became of the rows: stored (or stored before), refused again with a reason."""

    stored: int = 0
    duplicate: int = 0
    refused: int = 0
    reasons: tuple[str, ...] = ()


def replay_bad_rows(runtime: Runtime, tenant: Tenant, row_ids: list[int], *, as_history: bool = True) -> Replay:
    """Reads each row as history (its own time may lie back to the retention) and gives it to the writer.

    The row keeps its receive time and its trust: what a secret key sent, or a token signed, counts as verified. Rows
    replayed before are left alone.
    """
    if runtime.intake is None:
        raise Unavailable("This process takes no events.")
    result, reasons = Replay(), []
    for row_id in row_ids:
        with db.reading(runtime.engine) as connection:
            row = ledger.find_bad_row(connection, tenant.id, row_id)
        if row is None or row[7] is not None:
            continue
        moment = Moment(row[1], None, tenant.retention_days, as_history)
        found = read_event(row[5].encode(), _kind(row[2]), moment, nameless=f"bad-row-{row_id}")
        if isinstance(found, Refused):
            result.refused += 1
            reasons.append(found.detail)
            continue
        found.verified = row[6] == BY_KEY
        if row[6] == BY_TOKEN:
            vouch(found, row[5])
        batch = Batch(tenant.id, "replay", row[1], row[6] == BY_KEY, [found], [])
        receipt = runtime.intake.submit(batch).result(WAIT_S)
        result.refused += len(receipt.refused)  # the writer has put it aside anew: that row stands for this one
        reasons += [r.detail for r in receipt.refused]
        result.stored += receipt.stored
        result.duplicate += receipt.duplicate
        with db.writing(runtime.engine) as connection:
            ledger.mark_replayed(connection, tenant.id, row_id, runtime.clock())
    result.reasons = tuple(dict.fromkeys(reasons))
    return result


def _kind(route: str) -> str | None:
    """The type a single-event route says; None for batches, files and replays."""
    kind = KINDS.get(route, route)
    return kind if kind in TYPES else None
