/** The page never sees what is pressed in our own elements: its guards can't swallow it, its menus don't close. */
import type { Scope } from "./scope";

/** Every element of ours in the page is named so. */
export const OUR_TAG = "milepost-";

export function shield(win: Window, scope: Scope): void {
  scope.listen(
    win,
    "pointerdown mousedown touchstart pointerup mouseup touchend click",
    (event) => {
      const way = event.composedPath() as Element[];
      if (!event.composed || !way.some((el) => el.localName?.startsWith(OUR_TAG))) return;
      event.stopImmediatePropagation();
      if (event.type !== "click") return;
      // Our listeners hear of it inside; what a click does by itself is done by the real one.
      const copy = new MouseEvent("click", { bubbles: true, cancelable: true });
      copy.preventDefault();
      way[0]!.dispatchEvent(copy);
    },
    true,
  );
}
