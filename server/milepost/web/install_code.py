"""What a customer copies: the snippet, the calls, the policy, and signing in six languages, each with this place's own values."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from milepost.web.sdk_files import stub_text

FOLDER = Path(__file__).parent / "signing"


@dataclass(frozen=True)
class Language:
    """A tab of the signing step; `file` is the name above the code."""

    key: str
    name: str
    file: str


LANGUAGES = (
    Language("python", "Python", "milepost_token.py"),
    Language("node", "Node.js", "milepostToken.js"),
    Language("java", "Java", "MilepostToken.java"),
    Language("go", "Go", "milepost/token.go"),
    Language("php", "PHP", "milepost_token.php"),
    Language("csharp", "C#", "MilepostToken.cs"),
)


def choose_language(key: str) -> Language:
    """By its key; Python for an unknown one."""
    return next((language for language in LANGUAGES if language.key == key), LANGUAGES[0])


@cache
def _signing(key: str) -> str:
    return (FOLDER / f"{key}.txt").read_text("utf-8").rstrip()


def signing(language: Language, environment_id: str) -> str:
    """A function that makes a token for this environment; it needs nothing but the language's own library."""
    return _signing(language.key).replace("ENVIRONMENT_ID", environment_id)


def snippet(url: str, write_key: str) -> str:
    """The queue inline, so that calls may come before the script, and the script itself."""
    return f'<script>{stub_text()}</script>\n<script async src="{url}/sdk/milepost.js" data-key="{write_key}"></script>'


IDENTIFY = """milepost("identify", user.id, { name: user.name, role: user.role }, {
  account: company.id,   // whose coverage this use counts for
  token: user.token      // signed by your server, step 4
});
milepost("group", company.id, { name: company.name });"""


def builder(write_key: str) -> str:
    """The call that lets authors open the builder in the product."""
    return f'milepost("init", "{write_key}", {{ builder: true }});'


def policy(url: str) -> str:
    """What a page with a Content-Security-Policy adds; the hash lets the inline queue run."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    digest = base64.b64encode(hashlib.sha256(stub_text().encode()).digest()).decode()
    return f"script-src {origin} 'sha256-{digest}';\nconnect-src {origin};"


def segment_python(url: str) -> str:
    """The unmodified Segment client for Python."""
    return f"""import os
import segment.analytics as analytics

analytics.host = "{url}"
analytics.write_key = os.environ["MILEPOST_KEY"]  # sk_…, from the Keys page

analytics.identify("user-42", {{"name": "Ann"}}, context={{"groupId": "acme"}})
analytics.track("user-42", "Report Opened", {{"rows": 120}}, context={{"groupId": "acme"}})"""


def segment_node(url: str) -> str:
    """The unmodified Segment client for Node."""
    return f"""import {{ Analytics }} from "@segment/analytics-node";

const analytics = new Analytics({{
  host: "{url}",
  writeKey: process.env.MILEPOST_KEY, // sk_…, from the Keys page
}});
analytics.track({{
  userId: "user-42",
  event: "Report Opened",
  properties: {{ rows: 120 }},
  context: {{ groupId: "acme" }},
}});"""


def rudder_python(url: str) -> str:
    """The unmodified RudderStack client for Python."""
    return f"""import os
import rudderstack.analytics as analytics

analytics.dataPlaneUrl = "{url}"
analytics.write_key = os.environ["MILEPOST_KEY"]  # sk_…, from the Keys page

analytics.track("user-42", "Report Opened", {{"rows": 120}}, context={{"groupId": "acme"}})"""


CLIENTS = (
    ("Segment · Python", segment_python),
    ("Segment · Node.js", segment_node),
    ("RudderStack · Python", rudder_python),
)
