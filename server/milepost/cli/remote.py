"""Authors' commands speak to a running server: address and secret key come from MILEPOST_URL and MILEPOST_KEY."""

from typing import Annotated, Any

import httpx2 as httpx
import typer

from milepost.errors import MilepostError, SettingError

Url = Annotated[str | None, typer.Option("--url", envvar="MILEPOST_URL", help="Where the server is (MILEPOST_URL).")]
SecretKey = Annotated[
    str | None, typer.Option("--key", envvar="MILEPOST_KEY", help="An sk_ key of the environment (MILEPOST_KEY).")
]
TIMEOUT_S = 120.0


class Refused(MilepostError):
    """The server refused."""

    def __init__(self, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.errors = errors or []  # {pointer, message} as the problem says


class Remote:
    """One environment of a server, by its secret key."""

    def __init__(self, url: str | None, key: str | None) -> None:
        if not url:
            raise SettingError("Set MILEPOST_URL (or --url) to the server's address, such as https://milepost.example.com.")
        if not key or not key.startswith("sk_"):
            raise SettingError("Set MILEPOST_KEY to a secret key (sk_…) of the environment; `milepost key create` makes one.")
        self.address = url.rstrip("/")
        self._client = httpx.Client(
            base_url=url.rstrip("/"), headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_S, follow_redirects=False
        )

    def call(self, method: str, path: str, content: Any = None) -> Any:
        """The JSON answer; raises Refused with the problem's detail, or when the server can't be reached."""
        try:
            response = self._client.request(method, path, json=content)
        except httpx.HTTPError as problem:
            raise Refused(f"The server at {self._client.base_url} can't be reached: {problem}.") from problem
        if response.status_code >= 400:
            raise _problem(response)
        if response.status_code >= 300:
            raise Refused(f"The server answers with a redirect to {response.headers.get('location')}; set MILEPOST_URL to it.")
        return response.json() if response.content else None


def _problem(response: httpx.Response) -> Refused:
    try:
        told = response.json()
    except ValueError:
        return Refused(f"The server answered {response.status_code} without saying why.")
    lines = [str(told.get("detail") or told.get("title") or response.status_code)]
    lines += [f"{error.get('pointer')}: {error.get('message')}" for error in told.get("errors", [])]
    return Refused("; ".join(lines), told.get("errors", []))
