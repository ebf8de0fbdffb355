"""Passwords: argon2id, a bounded number at a time, so that a flood of logins can't take the memory."""

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from milepost.errors import Invalid, Unavailable

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's floor for argon2id: 19 MiB, 2 passes
SHORTEST = 12
LONGEST_BYTES = 256
_AT_ONCE = threading.BoundedSemaphore(4)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return HASHER.hash("nobody has this password")


def is_password(stored_hash: str | None, password: str) -> bool:
    """Whether the password fits; takes as long when there is no such member (`stored_hash` None)."""
    if len(password.encode("utf-8", "replace")) > LONGEST_BYTES:
        return False
    if not _AT_ONCE.acquire(timeout=5):
        raise Unavailable("Too many people log in at this moment; try again.", retry_after_s=2)
    try:
        return HASHER.verify(stored_hash or _nobodys_hash(), password) and stored_hash is not None
    except (Argon2Error, InvalidHashError):
        return False
    finally:
        _AT_ONCE.release()


def hash_password(password: str) -> str:
    """The hash to store; raises Invalid for a password that is too short or too long."""
    if len(password) < SHORTEST:
        raise Invalid(
            "A password needs %(n)s characters or more; a sentence works well.", code="password_short", values={"n": SHORTEST}
        )
    if len(password.encode("utf-8", "replace")) > LONGEST_BYTES:
        raise Invalid("A password may have %(n)s bytes at most.", code="password_long", values={"n": LONGEST_BYTES})
    with _AT_ONCE:
        return HASHER.hash(password)
