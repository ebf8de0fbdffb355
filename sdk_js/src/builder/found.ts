/** How an element is found again: the locators with what each finds, how sure, and why others were refused. */
import { allRoots, candidates, isVisible, locateInPath } from "../core/locate";
import { attempt } from "../core/scope";
import { make } from "../view/dom";
import type { Target } from "../wire";
import type { Described, Proposed } from "./describe";
import type { Words } from "./words";

/** Every element on the page whose click the target means. */
export function elementsOf(target: Target, doc: Document): Element[] {
  const roots = allRoots(doc);
  const all = new Set(target.locators.flatMap((locator) => attempt(() => candidates(locator, roots)) ?? []));
  return [...all].filter((el) => isVisible(el) && locateInPath(target, [el], doc) === el);
}

const isUsed = ({ target }: Described, { locator }: Proposed) => !!target?.locators.some((one) => one === locator);

const line = (described: Described, one: Proposed, words: Words): HTMLElement => {
  const { locator, n } = one;
  const used = isUsed(described, one);
  const why = used ? words.finds(n) : n > 1 ? words.refused.many : locator.by === "structure" ? words.refused.position : words.refused.other;
  const said = locator.by === "attribute" ? `${locator.name} = ${locator.value}` : locator.by === "role" ? `${locator.value} “${locator.name ?? ""}”` : locator.value;
  return make("li", { class: used ? "used" : "refused" }, make("b", {}, words.ways[locator.by]), make("code", {}, said), make("small", {}, why));
};

export const showFound = (described: Described, words: Words): HTMLElement =>
  make(
    "details",
    { class: "found", ...(described.problem && { open: "" }) },
    make("summary", {}, make("span", {}, words.found), make("span", { class: "badge " + described.confidence }, words.sure[described.confidence])),
    described.problem && make("p", { class: "soft" }, words.why[described.problem]),
    make("ul", {}, ...described.proposed.map((one) => line(described, one, words))),
  );
