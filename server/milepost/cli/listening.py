"""Whether a server can listen where it is told to, asked before it starts: then it is a sentence, not a line of the log."""

import errno
import socket
from contextlib import suppress
from dataclasses import replace

from milepost.errors import SettingError
from milepost.settings import Settings


def with_port(settings: Settings) -> Settings:
    """Port 0 becomes a free one of the host, so that links can name it."""
    if settings.port:
        return settings
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind(address)
            return replace(settings, port=probe.getsockname()[1])
    except (OSError, UnicodeError):
        return settings  # what is wrong with the host is said by `require_free_address`


def require_free_address(settings: Settings) -> None:
    """Raises SettingError when no address of the host can be listened on; returns with the port free again."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as problem:
        raise SettingError(
            f"host is {settings.host!r}, a name this machine does not know; write one of its addresses."
        ) from problem
    is_ours = False
    for family, kind, protocol, _, address in found:
        with suppress(_NotOurs):
            _try(family, kind, protocol, address, settings)
            is_ours = True
    if not is_ours:
        raise SettingError(f"host is {settings.host}, which is no address of this machine; write 127.0.0.1, or 0.0.0.0 for all.")


class _NotOurs(Exception):
    """The address belongs to another machine, or its family is switched off here."""


def _try(family: int, kind: int, protocol: int, address: tuple[object, ...], settings: Settings) -> None:
    try:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
            probe.listen(1)  # some systems say only here that it is taken
    except OSError as problem:
        if problem.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            raise _NotOurs from problem
        if problem.errno == errno.EADDRINUSE:
            raise SettingError(
                f"Port {settings.port} of {settings.host} is in use; choose another with --port or MILEPOST_PORT."
            ) from problem
        raise SettingError(f"Port {settings.port} of {settings.host} can't be listened on: {problem.strerror}.") from problem
