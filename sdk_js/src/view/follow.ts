/** Follows an element by observers: scrolling of any ancestor, resizes, layout shifts and movement; nothing ticks. */
import type { Scope } from "../core/scope";
import type { Box } from "./place";

const THRESHOLDS = [...Array(101).keys()].map((percent) => percent / 100);

export function follow(win: Window, target: Element, card: Element, scope: Scope, boxOf: () => Box, update: () => void): void {
  let last: string;
  let watcher: IntersectionObserver | undefined;
  const where = () => {
    const [x, y, width, height] = boxOf();
    return [y, win.innerWidth - x - width, win.innerHeight - y - height, x].map((inset) => -Math.floor(inset) + "px").join(" ");
  };
  const moved = () => {
    update();
    const rootMargin = where();
    if (rootMargin === last) return;
    last = rootMargin;
    watcher?.disconnect();
    // The root is shrunk onto the target: any move lowers the visible share and is told.
    watcher = new IntersectionObserver(() => where() !== last && moved(), { rootMargin, threshold: THRESHOLDS });
    watcher.observe(target);
  };
  scope.listen(win, "scroll resize", moved, true);
  scope.listen(win.visualViewport, "resize scroll", moved);
  const sizes = new ResizeObserver(moved);
  [target, card, win.document.documentElement].forEach((el) => sizes.observe(el));
  scope.add(() => {
    sizes.disconnect();
    watcher?.disconnect();
  });
  moved();
}
