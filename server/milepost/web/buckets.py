"""Token buckets: how many events a key or an address may send."""

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache

BURST = 10
MOST_HELD = 50_000


@dataclass
class Buckets:
    """One bucket per name; `rate` tokens a second, ten seconds' worth at most."""

    rate: int
    held: dict[str, tuple[float, int]] = field(default_factory=dict)  # name → (tokens, as of ms)

    def take(self, name: str, n: int, now: int) -> int | None:
        """None when `n` were taken; else the whole seconds to wait. A full bucket takes any batch, into debt."""
        tokens, since = self.held.get(name, (float(self.rate * BURST), now))
        tokens = min(float(self.rate * BURST), tokens + (now - since) / 1000 * self.rate)
        if tokens < min(n, self.rate * BURST):
            self.held[name] = (tokens, now)
            return int((min(n, self.rate * BURST) - tokens) / self.rate) + 1
        if len(self.held) > MOST_HELD:
            self.held.clear()
        self.held[name] = (tokens - n, now)
        return None


@lru_cache(maxsize=4096)
def address_prefix(host: str) -> str:
    """An IPv4 address as it is, an IPv6 address as its /64."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
