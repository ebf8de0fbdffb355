"""Which paths belong to whom: decided by `scope["path"]` alone.

The data plane (events, SDK, operators) has no session, no console headers and answers any Host. Everything else is
the console; `/api/` and `/openapi.json` speak JSON problems.
"""

DATA = ("/v1/", "/sdk/", "/sourceConfig")
OPERATIONS = frozenset({"/livez", "/readyz", "/metrics"})


def is_console(path: str) -> bool:
    """Pages, static files and the management API: what session, host check and console headers apply to."""
    return path not in OPERATIONS and not path.startswith(DATA)


def is_events(path: str) -> bool:
    """What clients and the SDK call: errors are `code` and `message`, with CORS."""
    return path.startswith(DATA)


def is_api(path: str) -> bool:
    """Where errors are RFC 9457 problems."""
    return path.startswith("/api/") or path == "/openapi.json"
