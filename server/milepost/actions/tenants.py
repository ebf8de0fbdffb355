"""Environments as this process holds them, re-read when their generation has risen, at most once a second."""

import threading
from collections.abc import Callable

from sqlalchemy import Connection, Engine

from milepost.actions.caches import Caches
from milepost.actions.secrets import Sealer
from milepost.actions.tenant import Tenant, load_tenant
from milepost.store import engine as db
from milepost.store import environments as environment_store

FRESH_MS = 800


class Tenants:
    """`current` reads what is needed; `held` never touches the database, for the event loop."""

    def __init__(self, engine: Engine, caches: Caches, sealer: Sealer) -> None:
        self._engine, self._caches, self._sealer = engine, caches, sealer
        self._lock = threading.Lock()
        self._generations: dict[int, int] = {}
        self._read_at = -FRESH_MS
        self._tenants: dict[int, Tenant] = {}

    def held(self, environment_id: int, now: int) -> Tenant | None:
        """The tenant if what is known of it is under a second old."""
        if now - self._read_at >= FRESH_MS:
            return None
        tenant = self._tenants.get(environment_id)
        if tenant is None or tenant.generation != self._generations.get(environment_id):
            return None
        return tenant

    def current(self, environment_id: int, now: int) -> Tenant:
        """The tenant as of at most a second ago; raises NoResultFound when the environment is gone."""
        tenant = self.held(environment_id, now)
        if tenant is not None:
            return tenant
        with self._lock:
            tenant = self.held(environment_id, now)
            if tenant is not None:
                return tenant
            with db.reading(self._engine) as connection:
                self._generations = environment_store.read_generations(connection)
                self._read_at = now
                return self._load(connection, environment_id, now)

    def renew(self, environment_id: int, now: int, prepare: Callable[[Tenant], object]) -> None:
        """Reads again before what is held gets old; what has changed is shown once `prepare` is done with it."""
        with self._lock:
            with db.reading(self._engine) as connection:
                generations = environment_store.read_generations(connection)
                held = self._tenants.get(environment_id)
                if held is None or held.generation != generations.get(environment_id):
                    held = load_tenant(connection, environment_id, self._sealer, now)
            prepare(held)
            self._tenants[environment_id] = held
            self._generations, self._read_at = generations, now

    def within(self, connection: Connection, environment_id: int, now: int) -> Tenant:
        """The tenant as this transaction found it: for the writer, before it changes anything."""
        tenant = self.amid(connection, environment_id, now)
        if db.is_sqlite(connection):  # on PostgreSQL `current` holds it soon enough
            self._tenants[environment_id] = tenant
        return tenant

    def amid(self, connection: Connection, environment_id: int, now: int) -> Tenant:
        """The same in the middle of a transaction, which may have raised the generation and may yet roll back: not held."""
        generation = environment_store.read_generation(connection, environment_id)
        held = self._tenants.get(environment_id)
        if held is not None and held.generation == generation:
            return held
        return load_tenant(connection, environment_id, self._sealer, now)

    def _load(self, connection: Connection, environment_id: int, now: int) -> Tenant:
        held = self._tenants.get(environment_id)
        if held is None or held.generation != self._generations.get(environment_id):
            held = load_tenant(connection, environment_id, self._sealer, now)
            self._tenants[environment_id] = held
        return held
