/** What stands on a step's card: typed blocks, one under the other, and what its buttons do. */
import type { Bench } from "./bench";
import { at, freeId, moved, put, type ActionDoc, type BlockDoc, type Path } from "../draft/document";
import { el, icon } from "./dom";
import { addButton, choice, choiceAt, faultOf, field, iconButton, remove, textAt, tickAt, wordsFields } from "./fields";
import { questionBody } from "./kinds";
import { say } from "./words";

/** What may stand in it: an article has no buttons, only a survey asks. */
const kindsFor = (bench: Bench): string[] => {
  const kinds = ["heading", "text", "list", "image", "video", "divider", "code"];
  if (bench.guide().apiVersion.startsWith("resource")) return kinds;
  return [...kinds, "button", ...(bench.guide().kind === "survey" ? ["question"] : [])];
};

export const blockName = (type: string): string =>
  ({
    heading: say("Heading"),
    text: say("Text"),
    list: say("List"),
    image: say("Image"),
    video: say("Video"),
    divider: say("Divider"),
    button: say("Button"),
    code: say("Code"),
    question: say("Question"),
  })[type] ?? type;

/** A new block says something in every language of the guide only once its author writes it. */
function newBlock(type: string, taken: readonly string[]): BlockDoc {
  if (type === "list") return { type, items: [""] };
  if (type === "image" || type === "video") return { type, src: "https://" };
  if (type === "divider") return { type };
  if (type === "button") return { type, id: freeId("button", taken), text: "", actions: [{ do: "next" }] };
  if (type === "question") return { type, id: freeId("question", taken), ask: "nps", text: "" };
  return { type, text: type === "code" ? "…" : "" };
}

export function blockEditor(bench: Bench, base: Path): HTMLElement {
  const blocks = (at(bench.guide(), base) as BlockDoc[] | undefined) ?? [];
  const ids = [...blocks, ...(bench.guide().steps ?? []).flatMap((step) => step.blocks)].map((block) => block.id ?? "");
  const put_all = (next: BlockDoc[]) => bench.set(base, next);
  const add = choice("add-block", "", [["", say("Add a block…")], ...kindsFor(bench).map((kind) => [kind, blockName(kind)] as const)], (kind) => {
    if (!kind) return;
    put_all([...blocks, newBlock(kind, ids)]);
    bench.announce(say("%(what)s added", { what: blockName(kind) }));
  }, say("Add a block"));
  return el(
    "div",
    { class: "blocks" },
    ...blocks.map((block, index) => blockCard(bench, [...base, index], block, index, blocks, put_all)),
    el("div", { class: "field" }, add),
  );
}

function blockCard(bench: Bench, path: Path, block: BlockDoc, index: number, blocks: BlockDoc[], put_all: (next: BlockDoc[]) => void): HTMLElement {
  const name = blockName(block.type);
  const move = (to: number) => put_all(moved(blocks, index, to));
  return el(
    "div",
    { class: "block-card", role: "group", "aria-label": name },
    el(
      "div",
      { class: "block-head" },
      el("b", {}, name),
      el(
        "span",
        { class: "row push" },
        iconButton("arrow-up", say("Move up: %(what)s", { what: name }), () => move(index - 1), { disabled: index === 0 }),
        iconButton("arrow-down", say("Move down: %(what)s", { what: name }), () => move(index + 1), { disabled: index === blocks.length - 1 }),
        blocks.length > 1 && remove(name, () => put_all(blocks.filter((_, other) => other !== index))),
      ),
    ),
    ...bodyOf(bench, path, block),
    faultOf(path),
  );
}

function bodyOf(bench: Bench, path: Path, block: BlockDoc): HTMLElement[] {
  const text = (name: string, label: string, rows = 0, isAlone = false) => wordsFields(bench, [...path, name], label, rows, isAlone);
  if (block.type === "heading") return [text("text", say("Heading"), 0, true)];
  if (block.type === "text") return [text("text", say("Text"), 3, true), el("span", { class: "hint" }, say("**bold**, *italic*, `code`, [words](https://…)"))];
  if (block.type === "list") return listBody(bench, path, block);
  if (block.type === "image") return [address(bench, [...path, "src"], say("Address (https)")), text("alt", say("For those who do not see it"))];
  if (block.type === "video") return [address(bench, [...path, "src"], say("Address (https)")), text("title", say("Title"))];
  if (block.type === "button") return buttonBody(bench, path, block);
  if (block.type === "question") return questionBody(bench, path, block);
  if (block.type === "code") return [textAt(bench, [...path, "text"], { rows: 4, label: say("Code") })];
  if (block.type === "divider") return [];
  return [el("p", { class: "hint" }, say("This block is changed in the guide's file."))];
}

const address = (bench: Bench, path: Path, label: string): HTMLElement => field(label, textAt(bench, path, { kind: "url" }), faultOf(path));

function listBody(bench: Bench, path: Path, block: BlockDoc): HTMLElement[] {
  const items = block.items ?? [];
  const set = (next: unknown[]) => bench.set([...path, "items"], next);
  return [
    tickAt(bench, [...path, "ordered"], false, say("Numbered")),
    ...items.map((_, index) =>
      el(
        "div",
        { class: "line" },
        wordsFields(bench, [...path, "items", index], say("Item %(n)s", { n: index + 1 })),
        items.length > 1 && remove(say("Item %(n)s", { n: index + 1 }), () => set(items.filter((__, other) => other !== index))),
      ),
    ),
    addButton(say("Add an item"), () => set([...items, ""])),
  ];
}

const DOES = () =>
  [
    ["next", say("goes to the next step")],
    ["back", say("goes back one step")],
    ["go_to", say("goes to a certain step")],
    ["finish", say("finishes the guide")],
    ["close", say("closes the guide")],
    ["later", say("comes back later")],
    ["never", say("never shows this guide again")],
    ["no_tips", say("turns all tips off")],
    ["open", say("opens a page")],
    ["start", say("starts another guide")],
  ] as const;

function buttonBody(bench: Bench, path: Path, block: BlockDoc): HTMLElement[] {
  const actions = block.actions ?? [];
  const base = [...path, "actions"];
  return [
    wordsFields(bench, [...path, "text"], say("Words on the button")),
    field(say("Looks"), choiceAt(bench, [...path, "style"], "primary", [["primary", say("Main button")], ["secondary", say("Second button")], ["quiet", say("Quiet")]])),
    el("span", { class: "label" }, say("When pressed, it")),
    ...actions.map((action, index) => actionLine(bench, [...base, index], action, actions, index)),
    actions.length < 5 ? addButton(say("And then"), () => bench.set(base, [...actions, { do: "finish" }])) : el("span"),
  ];
}

/** What the action needs is there at once, so that the draft can always be saved. */
function newAction(what: string, steps: readonly string[], guides: readonly string[]): ActionDoc {
  if (what === "go_to") return { do: what, step: steps[0] ?? "" };
  if (what === "open") return { do: what, url: "/" };
  if (what === "start") return { do: what, guide: guides[0] ?? "guide" };
  return { do: what };
}

function actionLine(bench: Bench, path: Path, action: ActionDoc, actions: ActionDoc[], index: number): HTMLElement {
  const steps = bench.guide().steps.map((step) => step.id);
  const others = bench.state.guides.filter((one) => one.key !== bench.guide().key);
  const what = choice(path.join("/"), action.do, DOES(), (value) => bench.set(path, newAction(value, steps, others.map((one) => one.key))), say("What it does"));
  const more =
    action.do === "go_to"
      ? choiceAt(bench, [...path, "step"], "", steps.map((id, number) => [id, say("Step %(n)s", { n: number + 1 }) + ` · ${id}`] as const), say("Step"))
      : action.do === "open"
        ? textAt(bench, [...path, "url"], { label: say("Address") })
        : action.do === "start"
          ? choiceAt(bench, [...path, "guide"], "", others.map((one) => [one.key, one.name] as const), say("Guide"))
          : false;
  return el("div", { class: "line" }, el("div", { class: "grow stack tight" }, what, more, faultOf(path)), actions.length > 1 && remove(say("Action %(n)s", { n: index + 1 }), () => bench.change(put(bench.guide(), path.slice(0, -1), actions.filter((_, other) => other !== index)))));
}

export const stepIcon = (kind: string): SVGElement => icon(kind === "modal" ? "dialog" : "bubble");
