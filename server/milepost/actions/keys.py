"""Keys of an environment: made, found by what a client presents, revoked."""

import contextlib
from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from milepost.actions.secrets import hash_secret, new_secret
from milepost.errors import Invalid, Unavailable
from milepost.rules.days import day_of
from milepost.store import engine as db
from milepost.store import keys as key_store
from milepost.wire.ids import new_id

CACHE_MS = 1_000
MAX_LABEL = 80


@dataclass(frozen=True)
class KeyHolder:
    """Whom a presented key speaks for."""

    public_id: str
    kind: str  # pk | sk
    workspace_id: int
    environment_id: int

    @property
    def is_secret(self) -> bool:
        """True for server-side keys."""
        return self.kind == "sk"


def create_key(
    connection: Connection, workspace_id: int, environment_id: int, kind: str, label: str, now: int
) -> tuple[str, str]:
    """(public id, the key itself: for `sk` shown this once only); raises Invalid for a label that is a text of its own."""
    if len(label) > MAX_LABEL:
        raise Invalid(f"The label has {len(label)} characters; {MAX_LABEL} are enough to say what a key is for.")
    value = new_secret(f"{kind}_")
    public_id = new_id("key", now)
    key_store.insert_key(
        connection,
        workspace_id,
        environment_id,
        public_id=public_id,
        kind=kind,
        key_hash=hash_secret(value),
        shown=value if kind == "pk" else None,
        hint=value[-4:],
        label=label,
        created_at=now,
    )
    return public_id, value


class KeyRing:
    """Finds holders of presented keys; remembers answers for a second, so that a revocation holds within one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: dict[str, tuple[int, KeyHolder | None]] = {}

    def find(self, presented: str, now: int) -> KeyHolder | None:
        """None for a key that is unknown, revoked or expired; raises Unavailable when the look-up itself fails."""
        held = self._held.get(presented)
        if held is not None and now - held[0] < CACHE_MS:
            return held[1]
        return self.renew(presented, now)

    def renew(self, presented: str, now: int) -> KeyHolder | None:
        """The same, asked again however fresh the answer held is."""
        holder = self._look_up(presented, now)
        if len(self._held) > 10_000:  # somebody is guessing: forget all, keep memory flat
            self._held.clear()
        self._held[presented] = (now, holder)
        return holder

    def held(self, presented: str, now: int) -> tuple[bool, KeyHolder | None]:
        """(is the answer fresh, the holder) without touching the database: for the event loop."""
        found = self._held.get(presented)
        if found is None or now - found[0] >= CACHE_MS:
            return False, None
        return True, found[1]

    def _look_up(self, presented: str, now: int) -> KeyHolder | None:
        if not presented.startswith(("pk_", "sk_")) or len(presented) > 100:
            return None
        try:
            with db.reading(self._engine) as connection:
                row = key_store.find_key(connection, hash_secret(presented))
        except SQLAlchemyError as problem:
            raise Unavailable("The key can't be checked now; try again.") from problem
        ends = [at for at in (row["revoked_at"], row["expires_at"]) if at is not None] if row is not None else []
        if row is None or any(at <= now for at in ends):
            return None
        today = day_of(now, row["time_zone"])
        if row["last_used_on"] != today:
            self._touch(row["workspace_id"], row["public_id"], today)
        return KeyHolder(row["public_id"], row["kind"], row["workspace_id"], row["environment_id"])

    def _touch(self, workspace_id: int, public_id: str, day: int) -> None:
        """Once a day and key; a key is good whether or not its use could be noted."""
        with contextlib.suppress(SQLAlchemyError), db.writing(self._engine) as connection:
            key_store.touch_key(connection, workspace_id, public_id, day)
