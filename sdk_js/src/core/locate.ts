/**
 * Finds the element a target means. Each locator names its candidates; those that find nothing abstain, the others
 * must agree on one element: a wrong element is worse than none.
 */
import type { Locator, Target } from "../wire";
import { attempt } from "./scope";

export interface Found {
  el?: Element;
  why?: "missing" | "invisible" | "ambiguous";
}
type Root = Document | ShadowRoot;

const TESTIDS = ["data-testid", "data-test", "data-cy", "data-qa"];
const ROLES: Record<string, string> = {
  button: "button,input[type=button],input[type=submit],input[type=reset],summary",
  link: "a[href],area[href]",
  textbox: "textarea,input:not([type]),input[type=text],input[type=email],input[type=tel],input[type=url],input[type=search]",
  checkbox: "input[type=checkbox]",
  radio: "input[type=radio]",
  combobox: "select",
  heading: "h1,h2,h3,h4,h5,h6",
  navigation: "nav",
  img: "img,svg",
  row: "tr",
  cell: "td",
  columnheader: "th",
};

/** The document, its open shadow roots (nested) and its same-origin frames. */
export function allRoots(root: Root, roots: Root[] = []): Root[] {
  roots.push(root);
  for (const el of root.querySelectorAll("*")) {
    if (el.localName === "milepost-guide") continue;
    const inner = el.shadowRoot ?? (el.localName.endsWith("frame") ? attempt(() => (el as HTMLIFrameElement).contentDocument) : null);
    if (inner) allRoots(inner, roots);
  }
  return roots;
}

const tidy = (text: string | null | undefined) => (text ?? "").replace(/\s+/g, " ").trim();

/** A working approximation of the accessible name; a field's value is never read. */
const nameOf = (el: Element): string => {
  const root = el.getRootNode() as Root;
  const by = el.getAttribute("aria-labelledby");
  return tidy(
    (by && by.split(/\s+/).map((id) => root.getElementById(id)?.textContent).join(" ")) ||
      el.getAttribute("aria-label") ||
      (el as HTMLInputElement).labels?.[0]?.textContent ||
      el.textContent ||
      el.getAttribute("alt") ||
      el.getAttribute("title") ||
      el.getAttribute("placeholder"),
  );
};

const quote = (text: string) => JSON.stringify(text);

/** The CSS that narrows a locator down, or nothing for text. */
const selector = ({ by, value, name }: Locator): string =>
  by === "testid"
    ? TESTIDS.map((attribute) => `[${attribute}=${quote(value)}]`).join()
    : by === "attribute"
      ? `[${CSS.escape(name || "id")}=${quote(value)}]`
      : by === "role"
        ? [`[role=${quote(value)}]`, ...(ROLES[value] ?? "").split(",").map((css) => css && css + ":not([role])")].filter(Boolean).join()
        : value;

const fits = (locator: Locator, el: Element): boolean =>
  locator.by === "text"
    ? tidy(el.textContent) === tidy(locator.value)
    : el.matches(selector(locator)) && (locator.by !== "role" || !locator.name || nameOf(el) === tidy(locator.name));

function candidates(locator: Locator, roots: Root[]): Element[] {
  if (locator.by !== "text")
    return roots.flatMap((root) => [...root.querySelectorAll(selector(locator))].filter((el) => fits(locator, el)));
  const wanted = tidy(locator.value);
  const found = new Set<Element>();
  for (const root of roots) {
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const piece = tidy(node.nodeValue);
      if (!piece || !wanted.includes(piece)) continue;
      for (let el = node.parentElement; el && tidy(el.textContent).length <= wanted.length; el = el.parentElement)
        if (fits(locator, el)) found.add(el);
    }
  }
  return [...found];
}

const ACTIVE = "a,button,input,select,textarea,label,summary,[role]";

/** Of elements one inside the other, the one people act on, else the innermost. */
const innermost = (found: Element[]): Element[] => {
  const leaves = found.filter((el) => !found.some((other) => other !== el && el.contains(other)));
  return leaves.map((leaf) => found.find((el) => el.contains(leaf) && el.matches(ACTIVE)) ?? leaf);
};

export const isVisible = (el: Element): boolean => {
  const box = el.getBoundingClientRect();
  const seen = (el as Element & { checkVisibility?(o: object): boolean }).checkVisibility;
  return box.width > 0 && box.height > 0 && (seen ? seen.call(el, { checkOpacity: true, checkVisibilityCSS: true }) : getComputedStyle(el).visibility === "visible");
};

export function locate(target: Target, doc: Document): Found {
  const roots = allRoots(doc);
  let agreed: Element[] | undefined;
  for (const locator of target.locators) {
    const found = attempt(() => candidates(locator, roots)) ?? [];
    if (!found.length) continue;
    agreed = agreed ? agreed.filter((el) => found.includes(el)) : found;
  }
  if (!agreed) return { why: "missing" };
  const leaves = innermost(agreed);
  const seen = leaves.filter(isVisible);
  if (seen.length === 1) return { el: seen[0]! };
  return { why: leaves.length && !seen.length ? "invisible" : "ambiguous" };
}

/** The element of a click's path that a target means, without searching the page unless locators differ. */
export function locateInPath(target: Target, path: EventTarget[], doc: Document): Element | undefined {
  for (const el of path) {
    if (!(el as Element).localName) continue;
    const no = target.locators.filter((locator) => !attempt(() => fits(locator, el as Element)));
    if (no.length === target.locators.length) continue;
    const roots = no.length ? allRoots(doc) : [];
    if (no.every((locator) => !attempt(() => candidates(locator, roots).length))) return el as Element;
  }
  return undefined;
}
