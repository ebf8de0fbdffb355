"""Globs over paths: `*` stays within a segment, `**` crosses them, `?` is one character."""

import re
from functools import lru_cache

_PIECES = re.compile(r"\*\*|\*|\?|[^*?]")


class Glob:
    """One compiled glob; time grows with glob × path, never faster: authors write globs, hosts are slow to forgive.

    A set of positions in the glob is one integer; each character of the path moves all of them at once.
    """

    def __init__(self, glob: str) -> None:
        open_end = glob.endswith("/**")
        pieces = _PIECES.findall(glob[:-3] if open_end else glob)
        self._literals: dict[str, int] = {}
        self._one = self._within = self._across = 0
        for at, piece in enumerate(pieces):
            bit = 1 << at
            if piece == "**":
                self._across |= bit
            elif piece == "*":
                self._within |= bit
            elif piece == "?":
                self._one |= bit
            else:
                self._literals[piece] = self._literals.get(piece, 0) | bit
        self._stars = self._within | self._across
        self._end = 1 << len(pieces)
        self._open_end = open_end
        self._prefix = re.split(r"[*?]", glob[:-3] if open_end else glob, maxsplit=1)[0]

    def fullmatch(self, path: str) -> bool:
        """True when the whole path fits; a trailing `/**` also fits the path without it."""
        if not path.startswith(self._prefix):  # most paths, at little cost
            return False
        positions = self._pass_stars(1)
        for character in path:
            if self._open_end and character == "/" and positions & self._end:
                return True
            here = self._literals.get(character, 0)
            if character == "/":
                positions = (positions & here) << 1 | positions & self._across
            else:
                positions = (positions & (here | self._one)) << 1 | positions & self._stars
            if not positions:
                return False
            positions = self._pass_stars(positions)
        return bool(positions & self._end)

    def _pass_stars(self, positions: int) -> int:
        """A star may stand for nothing."""
        while reached := (positions & self._stars) << 1 & ~positions:
            positions |= reached
        return positions


@lru_cache(maxsize=4096)
def compile_glob(glob: str) -> Glob:
    """Compiled once per glob."""
    return Glob(glob)


def matches_glob(glob: str, path: str) -> bool:
    """True when the whole path fits."""
    return compile_glob(glob).fullmatch(path)
