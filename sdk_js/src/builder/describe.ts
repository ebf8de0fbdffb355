/**
 * The other direction of `locate`: proposes the locators by which an element can be found again, best first, and says
 * how sure it is. For the visual builder and the tagger; never part of what an end user loads.
 */
import type { Locator, Target } from "../wire";
import { ACTIVE, allRoots, candidates, isVisible, locate, nameOf, ROLES, TESTIDS } from "../core/locate";
import { attempt } from "../core/scope";

type Confidence = "high" | "medium" | "low" | "none";

export interface Proposed {
  locator: Locator;
  /** How many elements it finds by itself, now. */
  n: number;
  confidence: Confidence;
}

export interface Described {
  /** What is meant: the pointed element, or the button, link or field around it. */
  element: Element;
  /** Best first; all of them, whether they are in `target` or not. */
  proposed: Proposed[];
  /** What to store: the locators that `locate` follows to this very element. None when nothing leads there. */
  target: Target | undefined;
  confidence: Confidence;
  /** Why it is no better than it is. */
  problem?: "repeated" | "position_only" | "hidden" | "outside";
}

const MOST_TEXT = 80;
const MOST_VALUE = 300;
const MOST_DEPTH = 6;
/** Names that a tool made up, and that the next build or the next page load makes up anew. */
const MADE_UP = /\d{3,}|[0-9a-f]{8,}|^:|:$|^(radix|headlessui|react-|ember|mui-|mat-|cdk-|el-id|rc[-_]|ant-|__|ng-|svelte-|jss|css-|sc-)|(?=[a-z]*\d+[a-z])[a-z\d]{5,}$/i;
/** Attributes that say what an element is for, and stay when it is restyled or translated. */
const STABLE = /^(id|name|for|href|data-(?!v-|s-|react|state|status|theme|index|key|id$|value|testid$|test$|cy$|qa$|selected|active|open|highlighted|focus|side|align|orientation|disabled|loading|checked)[a-z-]+)$/;
const STATES = new Set(["true", "false", "on", "off", "open", "closed", "active", "inactive"]);

const isStable = (value: string): boolean => !!value && value.length <= MOST_TEXT && !MADE_UP.test(value) && !STATES.has(value);

/** An address within the product, with nothing in it that belongs to one record only. */
const isPath = (value: string): boolean => /^[/#][\w/#.-]*$/.test(value) && value.split(/[/#.]/).every((part) => !part || (!/^\d+$/.test(part) && !MADE_UP.test(part)));

function listAttributes(el: Element): Locator[] {
  return [...el.attributes]
    .filter(({ name, value }) => STABLE.test(name) && (name === "href" ? isPath(value) : isStable(value)))
    .map(({ name, value }) => ({ by: "attribute" as const, name, value }))
    .slice(0, 3);
}

const listTestIds = (el: Element): Locator[] =>
  [...new Set(TESTIDS.map((name) => el.getAttribute(name)))]
    .filter((value): value is string => !!value && value.length <= MOST_VALUE)
    .slice(0, 1)
    .map((value) => ({ by: "testid", value }));

const roleOf = (el: Element): string | undefined =>
  el.getAttribute("role") ?? Object.keys(ROLES).find((role) => attempt(() => el.matches(ROLES[role]!)));

/** By role and name; by its text when it has no role of its own. Neither where the text is as long as content is. */
function listWords(el: Element): Locator[] {
  const role = roleOf(el);
  const name = nameOf(el);
  if (!name || name.length > MOST_TEXT) return [];
  if (role) return [{ by: "role", value: role, name }];
  return (el.textContent ?? "").trim() ? [{ by: "text", value: name }] : [];
}

/** Exactly there among exactly so many: one more or one less, and it finds nothing rather than a neighbour. */
const positionOf = (el: Element): string => {
  const among = [...(el.parentNode?.children ?? [])];
  const at = among.indexOf(el);
  return `:nth-child(${at + 1}):nth-last-child(${among.length - at})`;
};

const anchorOf = (el: Element): string | undefined => {
  const [named] = [...listTestIds(el).map(({ value }) => [TESTIDS.find((name) => el.getAttribute(name) === value)!, value]), ["id", isStable(el.id) ? el.id : ""]];
  return named?.[1] ? `[${named[0]}=${JSON.stringify(named[1])}]` : undefined;
};

/** From the nearest named ancestor, or the top of its document or shadow root. */
function listStructure(el: Element): Locator[] {
  const steps: string[] = [];
  let at: Element | null = el;
  for (let depth = 0; at && depth < MOST_DEPTH; depth++, at = at.parentElement) {
    const anchor: string | undefined = depth ? anchorOf(at) : undefined;
    if (anchor || at.localName === "body" || at.localName === "html") {
      steps.unshift(anchor ?? at.localName);
      break;
    }
    steps.unshift(depth ? at.localName + positionOf(at) : positionOf(at));
  }
  const value = steps.join(" > ");
  return value.length <= MOST_VALUE ? [{ by: "structure", value }] : [];
}

/** What people act on; a label means its field. */
const meant = (pointed: Element): Element => {
  const active = pointed.closest(ACTIVE);
  const control = active instanceof HTMLLabelElement ? active.control : null;
  return (control && isVisible(control) ? control : active) ?? pointed.closest("svg") ?? pointed;
};

const rate = ({ by }: Locator, n: number): Confidence => (n !== 1 ? "none" : by === "testid" ? "high" : by === "structure" ? "low" : "medium");

/** `n` of 0 means that the locator can't be used at all. */
function propose(el: Element, doc: Document): Proposed[] {
  const roots = allRoots(doc);
  return [...listTestIds(el), ...listAttributes(el), ...listWords(el), ...listStructure(el)].map((locator) => {
    const n = (attempt(() => candidates(locator, roots)) ?? []).length;
    return { locator, n, confidence: rate(locator, n) };
  });
}

const leads = (locators: Locator[], el: Element, doc: Document) => locators.length > 0 && locate({ locators }, doc).el === el;

/**
 * Those that name it alone, with its position; else all together, if they lead there: then it is one of several that
 * look alike, and only as sure as its place is. `doc` is the page's own document, whatever frame or shadow root the element stands in.
 */
export function describe(pointed: Element, doc: Document = document): Described {
  const element = meant(pointed);
  const proposed = propose(element, doc).filter(({ n }) => n > 0);
  const alone = proposed.filter(({ n }) => n === 1);
  const named = alone.filter(({ locator }) => locator.by !== "structure");
  const tries = [named[0] ? alone : [], named, proposed].map((some) => some.map(({ locator }) => locator).slice(0, 8));
  const locators = tries.find((some) => leads(some, element, doc));
  if (!locators) return { element, proposed, target: undefined, confidence: "none", problem: proposed[0] ? (isVisible(element) ? "repeated" : "hidden") : "outside" };
  const sure = named.some(({ confidence }) => confidence === "high") || named.length > 1;
  const problem = named[0] ? undefined : proposed.length > 1 ? "repeated" : "position_only";
  return { element, proposed, target: { locators }, confidence: sure ? "high" : named[0] ? "medium" : "low", problem };
}
