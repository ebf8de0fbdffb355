/** Which element of the product a step means: several ways to find it, in words, that vote. */
import type { Target } from "../wire";
import type { Bench } from "./bench";
import { at, targetName, type Path } from "../draft/document";
import { el } from "./dom";
import { addButton, choice, faultOf, remove, textAt } from "./fields";
import { say } from "./words";

type Locator = Target["locators"][number];

const WAYS = () =>
  [
    ["testid", say("Test id")],
    ["role", say("Role and name")],
    ["attribute", say("Attribute")],
    ["text", say("Text")],
    ["structure", say("Place in the page")],
  ] as const;

export function targetEditor(bench: Bench, path: Path, optional: boolean): HTMLElement {
  const target = at(bench.guide(), path) as Target | null | undefined;
  const locators = target?.locators ?? [];
  const set = (next: Locator[]) => bench.set(path, next.length ? { locators: next } : undefined);
  const fresh: Locator = { by: "testid", value: "my-button" };
  if (!locators.length)
    return el("div", { class: "stack tight" }, el("p", { class: "hint" }, optional ? say("The step's own target.") : say("It points at nothing and stands in the middle of the page.")), addButton(say("Add a target"), () => set([fresh])), faultOf(path));
  return el(
    "div",
    { class: "stack tight" },
    ...locators.map((locator, index) => locatorCard(bench, [...path, "locators", index], locator, index, (next) => set(next ? locators.map((one, other) => (other === index ? next : one)) : locators.filter((_, other) => other !== index)))),
    locators.length < 8 && addButton(say("Add another way to find it"), () => set([...locators, { by: "text", value: targetName(target) || "Text" }])),
    el("p", { class: "hint" }, say("Each way votes for what it finds, a test id most; without a clear winner the step waits and never points wrongly.")),
    faultOf(path),
  );
}

function locatorCard(bench: Bench, path: Path, locator: Locator, index: number, put: (next: Locator | undefined) => void): HTMLElement {
  const value = { testid: say("Test id"), role: say("Role, such as button or link"), attribute: say("Value"), text: say("Text of the element"), structure: say("Path of tags") }[locator.by as string] ?? say("Value");
  const name = { role: say("Name people read"), attribute: say("Attribute") }[locator.by as string];
  const way = choice(`${path.join("/")}/by`, locator.by, WAYS(), (by) => put({ by: by as Locator["by"], value: by === "role" ? "button" : locator.value, ...(by === "role" ? { name: locator.name || targetName({ locators: [locator] }) } : by === "attribute" ? { name: "id" } : {}) }), say("Way %(n)s", { n: index + 1 }));
  return el(
    "div",
    { class: "block-card" },
    el("div", { class: "line" }, way, remove(say("Way %(n)s", { n: index + 1 }), () => put(undefined))),
    el("div", { class: "stack tight" }, textAt(bench, [...path, "value"], { label: value, placeholder: value }), name !== undefined && textAt(bench, [...path, "name"], { label: name, placeholder: name, empty: undefined })),
    faultOf(path),
  );
}
