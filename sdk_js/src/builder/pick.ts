/** Pointing at an element: a pane of glass over the page, so that nothing of the page hears it; by mouse, finger or keys. */
import { make } from "../view/dom";
import { boxOf } from "../view/stand";
import { lay, type Shell } from "./shell";
import type { Words } from "./words";

type Root = Document | ShadowRoot;

/** What lies under a point, through open shadow roots and frames of our own origin, but never ours. */
function elementAt(root: Root, x: number, y: number, ours: Element): Element | undefined {
  const el = root.elementsFromPoint(x, y).find((one) => one !== ours);
  if (!el) return undefined;
  const frame = contentOf(el);
  if (frame) {
    const { x: left, y: top } = el.getBoundingClientRect();
    return elementAt(frame, x - left - el.clientLeft, y - top - el.clientTop, ours) ?? el;
  }
  const inner = el.shadowRoot;
  return (inner && elementAt(inner, x, y, ours)) ?? el;
}

function contentOf(el: Element): Document | null | undefined {
  try {
    return (el as HTMLIFrameElement).contentDocument;
  } catch {
    return undefined;
  }
}

export const parentOf = (el: Element): Element | undefined =>
  el.parentElement ?? (el.getRootNode() as ShadowRoot).host ?? (el.ownerDocument.defaultView?.frameElement as Element | null) ?? undefined;

export const childOf = (el: Element): Element | undefined =>
  (contentOf(el)?.body ?? el.shadowRoot ?? el).firstElementChild ?? undefined;

const isBox = (el: Element) => {
  const { width, height } = el.getBoundingClientRect();
  return width * height > 0;
};

const walk = (el: Element, key: string): Element | undefined => {
  if (key === "ArrowUp") return parentOf(el);
  let to = key === "ArrowDown" ? childOf(el) : key === "ArrowLeft" ? el.previousElementSibling : el.nextElementSibling;
  while (to && !isBox(to)) to = key === "ArrowLeft" ? to.previousElementSibling : to.nextElementSibling;
  return to ?? undefined;
};

/** Ends with the element, or with nothing. */
export function pick(win: Window, shell: Shell, words: Words, done: (el?: Element) => void): () => void {
  const { doc, root, on, lights } = shell;
  const outline = make("div", { class: "light here" });
  const glass = make("div", { class: "glass", tabindex: "0", role: "application", "aria-label": words.pointing });
  let at: Element | undefined;
  const show = (el?: Element) => {
    at = el;
    lay(lights, el && outline);
    if (!el) return;
    const [x, y, width, height] = boxOf(win, el);
    [["left", x - 2], ["top", y - 2], ["width", width + 4], ["height", height + 4]].forEach(([name, length]) => outline.style.setProperty(name as string, length + "px"));
    const text = (el.getAttribute("aria-label") ?? el.textContent ?? "").replace(/\s+/g, " ").trim().slice(0, 60);
    lay(outline, make("span", {}, `${el.localName}${text && " · " + text}`));
    outline.classList.toggle("inside", y < 24);
  };
  const stop = () => {
    glass.remove();
    lay(lights);
  };
  const finish = (el?: Element) => {
    stop();
    done(el);
  };
  const under = (event: Event) => {
    const { clientX, clientY } = event as PointerEvent;
    return elementAt(doc, clientX, clientY, root.host);
  };
  on(glass, "pointermove", (event) => show(under(event)));
  on(glass, "click", (event) => finish(under(event) ?? at));
  on(glass, "keydown", (event) => {
    const { key } = event as KeyboardEvent;
    if (key === "Escape") finish();
    else if (key === "Enter" && at) finish(at);
    else if (key.startsWith("Arrow")) {
      const to = at ? walk(at, key) : (doc.querySelector("main") ?? doc.body);
      if (to) {
        to.scrollIntoView({ block: "nearest" });
        show(to);
        shell.tell(`${to.localName} ${(to.getAttribute("aria-label") ?? to.textContent ?? "").trim().slice(0, 80)}`);
      }
    } else return;
    event.preventDefault();
  });
  root.insertBefore(glass, shell.panel);
  shell.rise(true);
  glass.focus({ preventScroll: true });
  return stop;
}
