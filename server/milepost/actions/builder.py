"""The builder inside the host product: opened by a code that works once, from one site, for a minute.

What comes of the code is a token that can do little: read the catalogue and add to it, or change one guide's draft.
It speaks for its author, so it is worth no more than the author's role is at that moment.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import RowMapping

from milepost.actions import audit
from milepost.actions.features import list_catalogue, write_catalogue
from milepost.actions.guides import require_guide
from milepost.actions.runtime import Runtime
from milepost.actions.secrets import hash_secret, new_secret
from milepost.actions.tenant import Tenant
from milepost.errors import Invalid, NotFound, Unauthorized
from milepost.settings import is_loopback
from milepost.store import builder as builder_store
from milepost.store import engine as db
from milepost.store import features as feature_store
from milepost.wire.feature import DetectionRule

CODE_MS = 60_000
IDLE_MS = 30 * 60_000
LONGEST_MS = 8 * 3_600_000
TOUCH_MS = 60_000
MAY_BUILD = frozenset({"author", "admin", "owner"})
MAX_RULES = 20


class BuilderOver(Unauthorized):
    """This builder session has ended; open a new one from the console."""

    code = "builder_over"


@dataclass(frozen=True)
class Opening:
    """A link into the product that works once."""

    address: str
    code: str

    @property
    def link(self) -> str:
        """The code stands behind the #, which browsers send to nobody."""
        return f"{self.address}#milepost-builder={self.code}"


@dataclass(frozen=True)
class Session:
    """Who builds, where, and what they may change; `guide` is the key of the only guide, None for the catalogue."""

    id: int
    author: str  # mbr_…
    name: str
    locale: str
    guide: str | None


def read_address(text: str, *, allow_http: bool) -> tuple[str, str]:
    """(address, origin) of the product; raises Invalid with the repair."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError as problem:
        raise Invalid("This is no web address; write one such as https://app.example.com/reports.") from problem
    if parts.scheme not in {"https", "http"} or not host or parts.username or not text.isprintable() or "\\" in text:
        raise Invalid("This is no web address; write one such as https://app.example.com/reports.")
    if parts.scheme == "http" and not is_loopback(host) and not allow_http:
        raise Invalid("Write an address that begins with https://; over http everybody on the way could build along.")
    default = {"https": 443, "http": 80}[parts.scheme]
    origin = f"{parts.scheme}://{_host(host)}" + (f":{port}" if port and port != default else "")
    return parts._replace(netloc=origin.partition("://")[2], fragment="", path=parts.path or "/").geturl(), origin


def make_code(runtime: Runtime, tenant: Tenant, member_id: int, address: str, guide: str | None = None) -> Opening:
    """A link good for 60 s, once, from that site only. Raises Invalid for an address, NotFound for a guide."""
    address, origin = read_address(address, allow_http=runtime.settings.allow_http)
    code, now = new_secret("mpb_"), runtime.clock()
    with db.writing(runtime.engine) as connection:
        key = require_guide(connection, tenant, guide)["key"] if guide else None
        builder_store.insert_session(
            connection, tenant.id, workspace_id=tenant.workspace_id, member_id=member_id, guide=key,
            address=address, origin=origin, code_hash=hash_secret(code), created_at=now,
        )  # fmt: skip
    return Opening(address, code)


def read_last_address(runtime: Runtime, tenant: Tenant) -> str:
    """Where the builder was opened last, else the product's address of the environment, "" when nobody said."""
    with db.reading(runtime.engine) as connection:
        return builder_store.find_last_address(connection, tenant.id) or tenant.settings.host_url or ""


def open_builder(runtime: Runtime, tenant: Tenant, code: str, origin: str) -> tuple[str, Session]:
    """(token, session) for a code shown in time by the right site; every other showing spends it for nothing.

    Raises BuilderOver, always with the same words.
    """
    now, token = runtime.clock(), new_secret("mpb_")
    with db.writing(runtime.engine) as connection:
        row = builder_store.take_code(connection, tenant.id, hash_secret(code), now)
        if row is not None:
            good = row["origin"] == origin and now - row["created_at"] <= CODE_MS
            changes = {"token_hash": hash_secret(token)} if good else {"ended_at": now}
            builder_store.update_session(connection, tenant.id, row["id"], **changes)
            found = builder_store.find_session(connection, tenant.id, hash_secret(token))
            if found is not None and _may_build(found):
                audit.record(
                    connection, tenant.workspace_id, now=now, actor=found["author"], action="builder.opened",
                    subject=row["guide"] or origin, environment_id=tenant.id, origin=origin,
                )  # fmt: skip
                return token, _session(found)
    raise BuilderOver


def find_session(runtime: Runtime, tenant: Tenant, token: str, origin: str) -> Session:
    """The open session this token speaks for; raises BuilderOver when it is over, or asked for by another site."""
    now = runtime.clock()
    with db.reading(runtime.engine) as connection:
        row = builder_store.find_session(connection, tenant.id, hash_secret(token))
    if row is None or row["origin"] != origin or not _is_open(row, now) or not _may_build(row):
        raise BuilderOver
    if now - row["last_seen_at"] > TOUCH_MS:
        with db.writing(runtime.engine) as connection:
            builder_store.update_session(connection, tenant.id, row["id"], last_seen_at=now)
    return _session(row)


def end_builder(runtime: Runtime, tenant: Tenant, session: Session) -> None:
    """The token is worth nothing from now on."""
    with db.writing(runtime.engine) as connection:
        builder_store.update_session(connection, tenant.id, session.id, ended_at=runtime.clock())


def add_rule(runtime: Runtime, tenant: Tenant, key: str, rule: DetectionRule, author: str) -> int:
    """One more rule for a feature that is there; the catalogue's version. A rule it has already changes nothing."""
    with db.writing(runtime.engine) as connection:
        feature_store.lock_catalogue(connection, tenant.id)
        feature = next((one for one in list_catalogue(connection, tenant.id).features if one.key == key), None)
        if feature is None:
            raise NotFound(f"There is no feature {key!r}.")
        if rule not in feature.rules:
            if len(feature.rules) >= MAX_RULES:
                raise Invalid(f"{feature.name} has {MAX_RULES} rules already; take one away in the console first.")
            feature = feature.model_copy(update={"rules": [*feature.rules, rule]})
        return write_catalogue(connection, tenant, [feature], author, runtime.clock()).version


def _host(host: str) -> str:
    """As browsers write it in an origin."""
    try:
        return f"[{ipaddress.IPv6Address(host).compressed}]"
    except ValueError:
        pass
    try:
        return host.lower().encode("idna").decode() if not host.isascii() else host.lower()
    except UnicodeError as problem:
        raise Invalid("This is no web address; write one such as https://app.example.com/reports.") from problem


def _is_open(row: RowMapping, now: int) -> bool:
    return row["ended_at"] is None and now - row["last_seen_at"] <= IDLE_MS and now - row["opened_at"] <= LONGEST_MS


def _may_build(row: RowMapping) -> bool:
    return row["disabled_at"] is None and row["role"] in MAY_BUILD


def _session(row: RowMapping) -> Session:
    return Session(row["id"], row["author"], row["name"] or row["email"], row["locale"], row["guide"])
