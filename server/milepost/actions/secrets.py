"""Secrets: random values, their hashes, and sealing (AES-GCM) of those we must be able to use again."""

import base64
import contextlib
import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from milepost.errors import SettingError
from milepost.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12


def new_secret(prefix: str = "") -> str:
    """192 random bits, URL-safe."""
    return prefix + secrets.token_urlsafe(24)


def hash_secret(value: str) -> str:
    """SHA-256, hexadecimal: enough for values that are random themselves."""
    return hashlib.sha256(value.encode()).hexdigest()


def secret_key_file(settings: Settings) -> Path | None:
    """Where a SQLite installation keeps the key it made itself; None on PostgreSQL."""
    if "://" in settings.database and not settings.database.startswith("sqlite"):
        return None
    path = settings.database.split(":///", 1)[-1]
    return Path(path + ".secret-key")


def load_secret_key(settings: Settings) -> bytes:
    """32 bytes from MILEPOST_SECRET_KEY, else from the file beside the SQLite database, made at first start (0600)."""
    if settings.secret_key:
        return _decode(settings.secret_key, "MILEPOST_SECRET_KEY")
    path = secret_key_file(settings)
    if path is None:
        raise SettingError(
            "MILEPOST_SECRET_KEY must be set on PostgreSQL: every process seals secrets under the same key. "
            'Make one with: python3 -c "import os,base64;print(base64.b64encode(os.urandom(32)).decode())"'
        )
    if not path.exists():
        _make_key_file(path)
    return _decode(path.read_text().strip(), str(path))


def _make_key_file(path: Path) -> None:
    """Whole or not at all, and never over one that another process made at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # 0600 from the start
    try:
        with os.fdopen(handle, "w") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)).decode())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _decode(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as problem:
        raise SettingError(f"{source} is not base64; write 32 random bytes in base64.") from problem
    if len(key) != KEY_BYTES:
        raise SettingError(f"{source} holds {len(key)} bytes; write 32 random bytes in base64.")
    return key


class Sealer:
    """Seals short texts; the context (table and tenant) must be the same when it is opened."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str, context: str) -> str:
        """Base64 of nonce and ciphertext."""
        nonce = os.urandom(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), context.encode())).decode()

    def open(self, sealed: str, context: str) -> str:
        """The text; raises SettingError when the key is not the one it was sealed under."""
        try:
            raw = base64.b64decode(sealed)
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError) as problem:
            raise SettingError(
                "A stored secret can't be opened: MILEPOST_SECRET_KEY is not the key it was sealed with."
            ) from problem
