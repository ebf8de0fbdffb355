/** Tells when the page has changed: the document, its open shadow roots and its frames; at most every 50 ms. */
import { allRoots } from "./locate";
import type { Scope } from "./scope";

/** `look` runs at once, without waiting, when `isUrgent` says so. */
export function watchPage(doc: Document, scope: Scope, look: () => void, isUrgent?: () => boolean | undefined): void {
  let soon: (() => void) | undefined;
  const observe = () => allRoots(doc).forEach((root) => watcher.observe(root, { childList: true, subtree: true, attributes: true, characterData: true }));
  const run = () => {
    soon = soon?.() as undefined;
    observe();
    look();
  };
  const watcher = new MutationObserver(() => {
    if (isUrgent?.()) run();
    else soon ??= scope.after(50, run);
  });
  observe();
  scope.add(() => watcher.disconnect());
}
