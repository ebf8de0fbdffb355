/**
 * What the next release of a host product does to its markup. Each takes the target and answers the element that is the
 * same thing afterwards, or nothing when no element is. Where one does not apply to a target it answers "n/a".
 */
type After = Element | undefined | "n/a";
type Root = Document | ShadowRoot;

const rootOf = (el: Element) => el.getRootNode() as Root;

/** Every element of the page, open shadow roots included. */
export function everything(root: Root | Element = document.body): Element[] {
  return [...root.querySelectorAll("*")].flatMap((el) => [el, ...(el.shadowRoot ? everything(el.shadowRoot) : [])]);
}

const texts = (el: Node): Text[] => [...el.childNodes].flatMap((node) => (node.nodeType === 3 ? [node as Text] : texts(node))).filter((node) => node.data.trim());

/** What names it on the screen: its own words, else its label's, else an attribute. */
function rename(el: Element, to: (words: string) => string): boolean {
  const [own] = texts(el.matches("select") ? el.ownerDocument.createElement("i") : el);
  const [label] = texts((el as HTMLInputElement).labels?.[0] ?? el.ownerDocument.createElement("i"));
  const node = own ?? label;
  if (node && !el.getAttribute("aria-label")) node.data = to(node.data);
  const said = ["aria-label", "placeholder"].filter((name) => el.getAttribute(name));
  said.forEach((name) => el.setAttribute(name, to(el.getAttribute(name)!)));
  return !!node || !!said[0];
}

const inTag = (el: Element, tag: string, more: Record<string, string> = {}): Element => {
  const next = document.createElement(tag);
  [...el.attributes].forEach(({ name, value }) => next.setAttribute(name, value));
  Object.entries(more).forEach(([name, value]) => next.setAttribute(name, value));
  next.append(...el.childNodes);
  el.replaceWith(next);
  return next;
};

const wrap = (el: Element, tag: string) => {
  const box = document.createElement(tag);
  el.replaceWith(box);
  box.append(el);
};

const another = (words: string): Element => {
  const button = document.createElement("button");
  button.textContent = words;
  return button;
};

const KEYS = ["data-testid", "data-test", "data-cy", "data-qa", "id", "name", "data-action", "data-tour", "href"];
const firstKey = (el: Element) => KEYS.find((name) => el.hasAttribute(name));
const section = (el: Element): Element => el.closest("section, form, aside, .toolbar_a8f3, .css-list, .cards, #chart, header, nav, .filters, [role=tablist]") ?? el.parentElement ?? el;

export const MUTATIONS: [kind: string, change: string, apply: (el: Element) => After][] = [
  ["class hash", "every class is named anew", (el) => (everything().forEach((one) => one.classList.length && one.setAttribute("class", [...one.classList].map((name) => name.replace(/[_-]?\w+$/, "_z9k" + name.length)).join(" "))), el)],
  ["wrapper", "a box around it", (el) => (wrap(el, "div"), el)],
  ["wrapper", "a box around its section", (el) => (rootOf(el) instanceof Document && wrap(section(el), "div"), el)],
  ["wrapper", "its words in one more span", (el) => {
    const [node] = texts(el);
    if (!node || el.matches("select, textarea")) return "n/a";
    const span = document.createElement("span");
    node.replaceWith(span);
    span.append(node);
    return el;
  }],
  ["reorder", "first among its siblings", (el) => (el.previousElementSibling ? (el.parentNode!.prepend(el), el) : "n/a")],
  ["reorder", "last among its siblings", (el) => (el.nextElementSibling ? (el.parentNode!.append(el), el) : "n/a")],
  ["neighbour", "a new one before it", (el) => (el.before(another("Brand new")), el)],
  ["neighbour", "two new ones after it", (el) => (el.after(another("Brand new"), another("Newer still")), el)],
  ["text change", "reworded", (el) => (rename(el, (words) => words.trim() + " now") ? el : "n/a")],
  ["text change", "another case", (el) => (rename(el, (words) => words.toUpperCase()) ? el : "n/a")],
  ["translation", "every word of the page", (el) => {
    everything().forEach((one) => [...one.childNodes].forEach((node) => node.nodeType === 3 && (node as Text).data.trim() && ((node as Text).data = "译" + [...(node as Text).data].reverse().join(""))));
    everything().forEach((one) => ["aria-label", "placeholder", "title", "alt"].forEach((name) => one.hasAttribute(name) && one.setAttribute(name, "译" + one.getAttribute(name))));
    return el;
  }],
  ["duplicate", "a hidden copy in a drawer", (el) => {
    const drawer = document.createElement("div");
    drawer.style.display = "none";
    drawer.append(el.cloneNode(true));
    document.body.prepend(drawer);
    return el;
  }],
  // Only a label tells twins apart: it names the first.
  ["duplicate", "a twin beside it", (el) => (el.after(el.cloneNode(true)), (el as HTMLInputElement).labels?.[0] ? el : undefined)],
  ["removal", "it is gone", (el) => (el.remove(), undefined)],
  ["removal", "another stands in its place", (el) => (el.replaceWith(another("Something else")), undefined)],
  ["removal", "its section is gone", (el) => (section(el).remove(), undefined)],
  ["attribute change", "its best key is renamed", (el) => {
    const name = firstKey(el);
    if (!name) return "n/a";
    el.setAttribute(name, name === "href" ? "/elsewhere" : "renamed");
    return el;
  }],
  ["attribute change", "its best key is dropped", (el) => {
    const name = firstKey(el);
    if (!name || name === "href") return "n/a";
    el.removeAttribute(name);
    return el;
  }],
  ["attribute change", "states come and go", (el) => (el.setAttribute("data-state", "open"), el.setAttribute("aria-expanded", "true"), el.setAttribute("data-v-7ba5bd90", ""), el)],
  ["tag change", "another element with the same role", (el) => (el.matches("button") ? inTag(el, "div", { role: el.getAttribute("role") ?? "button" }) : el.matches("a") ? inTag(el, "span", { role: "link" }) : "n/a")],
  ["tag change", "its surroundings", (el) => (el.parentElement && !el.parentElement.matches("label, td, th, tr, body, fieldset, form, p") ? (inTag(el.parentElement, "div"), el) : "n/a")],
  ["id churn", "every id is made anew", (el) => (everything().forEach((one) => ["id", "for", "aria-labelledby"].forEach((name) => one.hasAttribute(name) && one.setAttribute(name, one.getAttribute(name) + "-k3"))), el)],
  ["moved", "its section to the end of the page", (el) => (rootOf(el) instanceof Document && document.body.append(section(el)), el)],
  ["moved", "into another section", (el) => {
    const box = document.createElement("section");
    box.append(document.createElement("h2"));
    (rootOf(el) instanceof Document ? document.body : rootOf(el)).append(box);
    box.append(el);
    return el;
  }],
];
