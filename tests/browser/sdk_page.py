"""What the SDK's browser tests ask of a page: what its listeners heard, and where things stand."""

from typing import Any

from playwright.sync_api import Locator, Page

NAMES = ("ready", "beforeStep", "shown", "step", "missing", "beforeClose", "finished", "dismissed", "timeout")
# A page script that writes down each event of the SDK as "name" or "name:step".
LISTENING = (
    "window.heard = [];"
    f"{list(NAMES)!r}.forEach((name) => milepost('on', name, (what) => "
    "{ heard.push(what.step ? `${name}:${what.step}` : name) }));"
)
BODY = (
    "<h1>Deals</h1><p><button data-testid=import>Import</button> <button data-testid=filter>Filter</button> "
    "<button data-testid=new>New deal</button></p>"
)
# Boxes of our parts and of a target, in the viewport: [x, y, width, height] or null.
BOXES = """(id) => {
  const box = (el) => { if (!el) return null; const r = el.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; };
  const root = document.querySelector('milepost-guide')?.shadowRoot;
  const target = document.querySelector(`[data-testid=${id}], #${id}`);
  const arrow = root?.querySelector('.arrow');
  return { target: box(target), card: box(root?.querySelector('.card')), ring: box(root?.querySelector('.ring')),
           arrow: arrow && !arrow.hidden ? box(arrow) : null };
}"""


def card(page: Page) -> Locator:
    """The card that is shown."""
    return page.locator("milepost-guide .card").first


def press(page: Page, name: str) -> None:
    """Presses one of the card's buttons."""
    page.locator("milepost-guide").get_by_role("button", name=name, exact=True).click()


def heard(page: Page) -> list[str]:
    """What the page's listeners were told, in order."""
    names: list[str] = page.evaluate("heard")
    return names


def wait_until(page: Page, expression: str) -> None:
    """Until the expression is true in the page; `wait_for_function` would trip over the page's own policy."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never true: {expression}")


def show(page: Page, guide: str = "first_steps", step: str | int | None = None) -> None:
    """Starts a guide by hand."""
    page.evaluate("([guide, step]) => milepost('show', guide, step === null ? undefined : { step })", [guide, step])


def boxes(page: Page, testid: str) -> dict[str, Any]:
    """Boxes of target, card, ring and arrow; the arrow's is left out while it is hidden."""
    found: dict[str, Any] = page.evaluate(BOXES, testid)
    return found


def points_at(page: Page, testid: str, slack: float = 2) -> bool:
    """Does the card stand clear of the target, near it, whole on the screen, with the arrow at its centre?"""
    found = boxes(page, testid)
    target, card, arrow = found["target"], found["card"], found["arrow"]
    if not (target and card and arrow):
        return False
    centre = (target[0] + target[2] / 2, target[1] + target[3] / 2)
    tip = (arrow[0] + arrow[2] / 2, arrow[1] + arrow[3] / 2)
    along = min(abs(centre[0] - tip[0]), abs(centre[1] - tip[1]))
    apart = max(
        card[0] - target[0] - target[2],
        target[0] - card[0] - card[2],
        card[1] - target[1] - target[3],
        target[1] - card[1] - card[3],
    )
    size = page.viewport_size or {"width": 0, "height": 0}
    whole = card[0] >= 0 and card[1] >= 0 and card[0] + card[2] <= size["width"] and card[1] + card[3] <= size["height"]
    return bool(along <= slack and 5 <= apart <= 24 and whole)


def wait_until_it_points(page: Page, testid: str) -> None:
    """Until `points_at`; fails with where things stand."""
    for _ in range(100):
        if points_at(page, testid):
            return
        page.wait_for_timeout(30)
    raise AssertionError(f"the card does not point at {testid}: {boxes(page, testid)}")
