/**
 * Finds the element a target means. Each locator names its candidates and votes for them by its trust; an element is
 * taken when enough speaks for it and nothing else has as many votes: a wrong element is worse than none.
 */
import type { Locator, Target } from "../wire";
import { attempt } from "./scope";
import { OUR_TAG } from "./shield";

export interface Found {
  el?: Element;
  why?: "missing" | "invisible" | "ambiguous";
}
type Root = Document | ShadowRoot;

export const TESTIDS = ["data-testid", "data-test", "data-cy", "data-qa"];
/** What is typed into, or chosen from a list of its own. */
export const INPUT = "input:not([type=button]):not([type=submit]):not([type=reset]):not([type=checkbox]):not([type=radio])";
export const ROLES: Record<string, string> = {
  button: "button,input[type=button],input[type=submit],input[type=reset],summary",
  link: "a[href],area[href]",
  textbox: "textarea," + INPUT,
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
    const inner = el.shadowRoot ?? attempt(() => (el as HTMLIFrameElement).contentDocument);
    if (inner && !el.localName.startsWith(OUR_TAG)) allRoots(inner, roots);
  }
  return roots;
}

const tidy = (text: string | null | undefined) => (text ?? "").replace(/\s+/g, " ").trim();

/** A working approximation of the accessible name; a field's value is never read. */
export const nameOf = (el: Element): string => {
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
        ? [`[role=${quote(value)}]`].concat(ROLES[value] ?? []).join()
        : value;

const fits = (locator: Locator, el: Element): boolean =>
  locator.by === "text"
    ? tidy(el.textContent) === tidy(locator.value)
    : el.matches(selector(locator)) &&
      (locator.by !== "role" || ((el.getAttribute("role") ?? locator.value) === locator.value && (!locator.name || nameOf(el) === tidy(locator.name))));

export function candidates(locator: Locator, roots: Root[]): Element[] {
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

export const ACTIVE = "a,button,input,select,textarea,label,summary,[role]";

/** Of elements one inside the other, the one people act on, else the innermost. */
const innermost = (found: Element[]): Element[] => {
  const leaves = found.filter((el) => !found.some((other) => other !== el && el.contains(other)));
  return leaves.map((leaf) => found.find((el) => el.contains(leaf) && el.matches(ACTIVE)) ?? leaf);
};

export const isVisible = (el: Element): boolean => {
  const { width, height } = el.getBoundingClientRect();
  const { checkVisibility: seen } = el as Element & { checkVisibility?(o: object): boolean };
  return width * height > 0 && (seen?.call(el, { checkOpacity: true, checkVisibilityCSS: true }) ?? getComputedStyle(el).visibility === "visible");
};

/**
 * The votes on one element, by trust; a position alone outvotes nothing. Half of what finds nothing counts against it,
 * so a third of all must speak for it; whoever finds only something else counts twice. Below 0 it is not believed.
 */
const verdict = (locators: Locator[], says: (locator: Locator, i: number) => boolean | undefined): number =>
  locators.reduce((sum, locator, i) => {
    const vote = says(locator, i);
    return sum + (locator.by === "testid" ? 6 : locator.by === "structure" ? 1 : 3) * (vote ? 1 : vote === false ? -2.1 : -0.5);
  }, 0);

export function locate({ locators }: Target, doc: Document): Found {
  const roots = allRoots(doc);
  const found = locators.map((locator) => attempt(() => candidates(locator, roots)) ?? []);
  const all = [...new Set(found.flat())];
  const votes = (el: Element) => verdict(locators, (_, i) => (found[i]![0] ? found[i]!.includes(el) : undefined));
  const held = all.filter((el) => votes(el) >= 0);
  const seen = held.filter(isVisible);
  const most = Math.max(...seen.map(votes));
  const [el, twin] = innermost(seen.filter((one) => votes(one) === most));
  return el && !twin ? { el } : { why: el || (all[0] && !held[0]) ? "ambiguous" : held[0] ? "invisible" : "missing" };
}

/** The element of a click's path that a target means, without searching the page unless locators differ. */
export function locateInPath({ locators }: Target, path: EventTarget[], doc: Document): Element | undefined {
  let roots: Root[];
  return (path as Element[]).find((el) => {
    const isIt = (locator: Locator) => attempt(() => fits(locator, el));
    const isThere = (locator: Locator) => attempt(() => candidates(locator, (roots ??= allRoots(doc)))[0]);
    return locators.some(isIt) && verdict(locators, (locator) => isIt(locator) || (isThere(locator) ? false : undefined)) >= 0;
  });
}
