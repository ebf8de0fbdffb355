"""The SDK's bundles: a short-lived loader, and chunks whose address never changes its bytes."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from milepost.errors import NotFound

FOLDER = Path(__file__).parent / "static" / "sdk"
SHORT = "public, max-age=300"
FOR_EVER = "public, max-age=31536000, immutable"
# Other sites load these on purpose, also under COEP, and may check them against their hash.
SHARED = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True)
class Bundle:
    """One committed file, plain and packed, the same for every caller."""

    plain: bytes
    packed: bytes
    etag: str


@cache
def bundles() -> dict[str, Bundle]:
    """All bundles by their path below /sdk/, read once."""
    return {path.relative_to(FOLDER).as_posix(): _bundle(path.read_bytes()) for path in sorted(FOLDER.rglob("*.js"))}


@cache
def manifest() -> dict[str, Any]:
    """Version, addresses, integrity and sizes of the bundles, as the build wrote them."""
    content: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    return content


def stub_text() -> str:
    """The optional inline stub, as it stands in the page."""
    return bundles()["stub.js"].plain.decode().strip()


def _bundle(plain: bytes) -> Bundle:
    return Bundle(plain, gzip.compress(plain, 9, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:24]}"')


def sdk_loader(request: Request) -> Response:
    """The script of the snippet; browsers look again after five minutes."""
    return _send(request, "milepost.js", SHORT)


def sdk_chunk(request: Request) -> Response:
    """A chunk under its version and hash; anything else is not found."""
    version, name = request.path_params["version"], request.path_params["name"]
    return _send(request, f"{version}/{name}.js", FOR_EVER)


def _send(request: Request, name: str, keep: str) -> Response:
    bundle = bundles().get(name)
    if bundle is None:
        raise NotFound
    headers = SHARED | {"Cache-Control": keep, "ETag": bundle.etag}
    if request.headers.get("if-none-match") == bundle.etag:
        return Response(status_code=304, headers=headers)
    packs = "gzip" in request.headers.get("accept-encoding", "")
    if packs:
        headers["Content-Encoding"] = "gzip"
    return Response(bundle.packed if packs else bundle.plain, headers=headers, media_type="text/javascript")


routes = [
    Route("/sdk/milepost.js", sdk_loader, name="sdk_loader"),
    Route("/sdk/{version}/{name}.js", sdk_chunk, name="sdk_chunk"),
]
