"""Ids shown outside: a prefix and a UUIDv7 (RFC 9562), so that they sort by the time they were made."""

import secrets


def new_id(prefix: str, now_ms: int) -> str:
    """`gde_0192…`: 48 bits of time, the version, 74 random bits, as 32 hexadecimal digits."""
    value = (now_ms & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return f"{prefix}_{value:032x}"
