/** Whom the guide is for: a tree of conditions over known facts, and how many it holds for now. */
import type { Bench } from "./bench";
import { at, type Leaf, type Path, type Scalar, type Tree } from "../draft/document";
import { el } from "./dom";
import { addButton, choice, faultOf, remove, textField } from "./fields";
import { pointerOf } from "../draft/document";
import { say } from "./words";

const OPS = () =>
  [
    ["is", say("is")],
    ["is_not", say("is not")],
    ["in", say("is one of")],
    ["not_in", say("is none of")],
    ["gt", say("is more than")],
    ["gte", say("is at least")],
    ["lt", say("is less than")],
    ["lte", say("is at most")],
    ["matches", say("fits the pattern")],
    ["known", say("is known")],
    ["unknown", say("is not known")],
  ] as const;

const isLeaf = (tree: Tree): tree is Leaf => "fact" in tree;
const isGroup = (tree: Tree): tree is { all: Tree[] } | { any: Tree[] } => "all" in tree || "any" in tree;

/** A value as its author means it: numbers and yes/no as such where the fact has such values or the comparison needs them. */
export function readValue(op: string, text: string, seen: readonly Scalar[]): Scalar | Scalar[] | undefined {
  if (op === "known" || op === "unknown") return undefined;
  if (op === "in" || op === "not_in") return text.split(/[,，]/).map((one) => one.trim()).filter(Boolean).map((one) => readOne(one, seen));
  if (op === "matches") return text;
  const asks_number = op === "gt" || op === "gte" || op === "lt" || op === "lte";
  return readOne(text.trim(), asks_number ? [...seen, 0] : seen);
}

function readOne(text: string, seen: readonly Scalar[]): Scalar {
  if (seen.some((one) => typeof one === "number") && text !== "" && Number.isFinite(Number(text))) return Number(text);
  if (seen.some((one) => typeof one === "boolean") && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}

const shownValue = (leaf: Leaf): string => (Array.isArray(leaf.value) ? leaf.value.join(", ") : `${leaf.value ?? ""}`);

export function audienceEditor(bench: Bench): HTMLElement {
  const tree = bench.guide().audience ?? undefined;
  const count = el("output", { class: "badge line size", "data-size": true });
  const body = tree === undefined ? el("p", { class: "hint" }, say("Everybody")) : nodeEditor(bench, ["audience"], tree, undefined, 0);
  const wrap = (part: Tree) => bench.set(["audience"], tree === undefined ? part : isGroup(tree) && "all" in tree ? { all: [...tree.all, part] } : { all: [tree, part] });
  const top = tree === undefined || !isGroup(tree) ? el("div", { class: "row" }, addButton(say("Add a condition"), () => wrap(fresh(bench)), "add-condition")) : false;
  return el("div", { class: "stack" }, el("div", { class: "row" }, count), body, top, faultOf(["audience"]));
}

const fresh = (bench: Bench): Leaf => {
  const first = bench.state.facts[0];
  return { fact: first?.fact ?? "account.plan", op: "is", value: first?.values[0] ?? "" };
};

function nodeEditor(bench: Bench, path: Path, tree: Tree, drop: (() => void) | undefined, depth: number): HTMLElement {
  const away = drop ?? (() => bench.set(path, undefined));
  if (isLeaf(tree)) return leafEditor(bench, path, tree, away);
  if (!isGroup(tree)) {
    const inner = tree.not;
    return el("div", { class: "group-box clause" }, el("div", { class: "row" }, el("b", {}, say("Not:")), el("span", { class: "row push" }, el("button", { type: "button", class: "btn btn-quiet btn-sm", onclick: () => bench.set(path, inner) }, say("Without “not”")))), nodeEditor(bench, [...path, "not"], inner, away, depth + 1));
  }
  const kind = "all" in tree ? "all" : "any";
  const parts = "all" in tree ? tree.all : tree.any;
  const as = (name: string, next: Tree[]) => ({ [name]: next }) as unknown as Tree;
  const set = (next: Tree[]) => (next.length ? bench.set(path, as(kind, next)) : away());
  return el(
    "div",
    { class: "group-box clause", role: "group", "aria-label": kind === "all" ? say("All of this holds:") : say("One of these holds:") },
    el(
      "div",
      { class: "row" },
      choice(`${pointerOf(path)}/kind`, kind, [["all", say("All of this holds:")], ["any", say("One of these holds:")]], (name) => bench.set(path, as(name, parts)), say("How they join")),
      el("span", { class: "row push" }, depth > 0 && el("button", { type: "button", class: "btn btn-quiet btn-sm", onclick: () => bench.set(path, { not: tree }) }, say("Not")), remove(say("this group"), away)),
    ),
    ...parts.map((part, index) => nodeEditor(bench, [...path, kind, index], part, () => set(parts.filter((_, other) => other !== index)), depth + 1)),
    el("div", { class: "row" }, addButton(say("Add a condition"), () => set([...parts, fresh(bench)])), depth < 3 && addButton(say("Add a group"), () => set([...parts, as(kind === "all" ? "any" : "all", [fresh(bench)])]))),
    faultOf(path),
  );
}

function leafEditor(bench: Bench, path: Path, leaf: Leaf, away: () => void): HTMLElement {
  const known = bench.state.facts;
  const fact = known.find((one) => one.fact === leaf.fact);
  const isOwn = !fact && /^(user|account)\./.test(leaf.fact);
  const choices = [...known.map((one) => [one.fact, one.name] as const), ["user.", say("Another trait of the person…")] as const, ["account.", say("Another trait of the account…")] as const];
  const choose = (name: string) => {
    if (name.endsWith(".")) return bench.set(path, { fact: `${name}trait`, op: "is", value: "" });
    const next = known.find((one) => one.fact === name);
    const counts = name.startsWith("feature.");
    bench.set(path, { fact: name, op: counts ? "lt" : "is", value: counts ? 1 : (next?.values[0] ?? "") });
  };
  const setOp = (op: string) => bench.set(path, { fact: leaf.fact, op, ...withValue(readValue(op, shownValue(leaf) || "0", fact?.values ?? [])) });
  const list = `seen-${pointerOf(path).replace(/\W/g, "-")}`;
  const seen = fact?.values ?? [];
  const write = (text: string) => {
    const now = at(bench.guide(), path) as Leaf;
    bench.type(path, { ...now, value: readValue(now.op, text, seen) ?? null });
  };
  const own = isOwn && textField(`${pointerOf(path)}/fact`, leaf.fact.split(".").slice(1).join("."), (text) => text.trim() && bench.type([...path, "fact"], `${leaf.fact.split(".")[0]}.${text.trim()}`), { label: say("Name of the trait") });
  const takesNone = leaf.op === "known" || leaf.op === "unknown";
  return el(
    "div",
    { class: "clause-line" },
    choice(`${pointerOf(path)}/choice`, isOwn ? `${leaf.fact.split(".")[0]}.` : leaf.fact, choices, choose, say("Fact")),
    own,
    choice(`${pointerOf(path)}/op`, leaf.op, OPS(), setOp, say("Comparison")),
    !takesNone && textField(`${pointerOf(path)}/value`, shownValue(leaf), write, { label: say("Value"), list, placeholder: leaf.op === "in" || leaf.op === "not_in" ? say("a, b, c") : "" }),
    !takesNone && el("datalist", { id: list }, ...seen.map((one) => el("option", { value: `${one}` }))),
    el("button", { type: "button", class: "btn btn-quiet btn-sm", onclick: () => bench.set(path, { not: leaf }) }, say("Not")),
    remove(say("this condition"), away),
    faultOf(path),
  );
}

const withValue = (value: Scalar | Scalar[] | undefined): { value?: Scalar | Scalar[] } => (value === undefined ? {} : { value });
