/** Follows an element by observers: scrolling of any ancestor, resizes, layout shifts and movement; nothing ticks. */
import type { Scope } from "../core/scope";

const THRESHOLDS = Array.from({ length: 101 }, (_, i) => i / 100);

export function follow(win: Window, target: Element, card: Element, scope: Scope, update: () => void): void {
  let at = "";
  let watcher: IntersectionObserver | undefined;
  const where = () => {
    const { left, top, right, bottom } = target.getBoundingClientRect();
    return [top, win.innerWidth - right, win.innerHeight - bottom, left].map((inset) => -Math.floor(inset) + "px").join(" ");
  };
  const moved = () => {
    update();
    const now = where();
    if (now === at) return;
    at = now;
    watcher?.disconnect();
    // The root is shrunk onto the target: any move lowers the visible share and is told.
    watcher = new IntersectionObserver(() => where() !== at && moved(), { rootMargin: at, threshold: THRESHOLDS });
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
