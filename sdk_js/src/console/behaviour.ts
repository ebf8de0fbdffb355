/** How a step behaves: what it looks like, what moves it on, and what happens when its target is not there. */
import type { Bench } from "./bench";
import { put, type AdvanceDoc, type Path } from "../draft/document";
import { el } from "./dom";
import { addButton, choice, choiceAt, faultOf, field, linesAt, named, numberAt, remove, textAt, tickAt } from "./fields";
import { targetEditor } from "./targets";
import { say } from "./words";

export function targetTab(bench: Bench): HTMLElement[] {
  const base: Path = ["steps", bench.step()];
  const step = bench.guide().steps[bench.step()]!;
  const missing = [
    ["skip", say("Skip the step")],
    ["centre", say("Show it in the middle, in words")],
    ["wait", say("Wait until it is there")],
    ["end", say("End the guide")],
  ] as const;
  return [
    named(say("Target"), targetEditor(bench, [...base, "target"], false)),
    field(say("If the target is missing"), choiceAt(bench, [...base, "missing"], "skip", missing)),
    (step.missing ?? "skip") !== "wait" ? field(say("Wait first, in seconds"), numberAt(bench, [...base, "wait_ms"], 6000, 0, 60_000, 1000), faultOf([...base, "wait_ms"])) : el("span"),
    linesAt(bench, [...base, "pages"], say("Only on these pages"), say("One path a line; * stands for one part, ** for any. Empty: every page of the guide."), undefined),
  ];
}

export function behaviourTab(bench: Bench): HTMLElement[] {
  const base: Path = ["steps", bench.step()];
  const at = (name: string): Path => [...base, name];
  const step = bench.guide().steps[bench.step()]!;
  const isModal = step.kind === "modal" || bench.guide().kind === "modal";
  const places = [["auto", say("Where there is room")], ["top", say("Above")], ["bottom", say("Below")], ["left", say("Left")], ["right", say("Right")]] as const;
  const grounds = [["none", say("Nothing")], ["dim", say("The page dimmed")], ["spotlight", say("The page dimmed, the target lit")]] as const;
  const overlay = [["nothing", say("Nothing")], ["next", say("Next step")], ["close", say("Closes the guide")]] as const;
  return [
    field(say("Form"), choiceAt(bench, at("kind"), "tooltip", [["tooltip", say("Card beside the target")], ["modal", say("Dialog over the page")]])),
    ...(isModal
      ? []
      : [
          field(say("Side"), choiceAt(bench, at("placement"), "auto", places)),
          field(say("Behind the card"), choiceAt(bench, at("backdrop"), "none", grounds)),
          field(say("The target can be"), choiceAt(bench, at("interaction"), "allow", [["allow", say("Used as always")], ["block", say("Seen, not used")]])),
        ]),
    field(say("A click beside the card"), choiceAt(bench, at("overlay_click"), "nothing", overlay)),
    named(say("Moves on by itself when"), ...advanceLines(bench, at("advance"), step.advance ?? [])),
    named(say("Keyboard"), tickAt(bench, at("escape"), true, say("Escape closes the guide")), tickAt(bench, at("arrows"), true, say("Arrow keys go back and forth"))),
    field(say("Name in reports"), stepId(bench, step.id), el("span", { class: "hint" }, say("Small letters, numbers, - and _. Numbers of this step are kept under this name.")), faultOf(at("id"))),
  ];
}

/** The name of a step is in buttons that go to it, too. */
function stepId(bench: Bench, id: string): HTMLInputElement {
  const node = el("input", { class: "input", "data-at": `/steps/${bench.step()}/id`, value: id });
  node.addEventListener("change", () => {
    const wish = node.value.trim();
    if (!/^[a-z0-9][a-z0-9_-]{0,79}$/.test(wish) || bench.guide().steps.some((step, index) => index !== bench.step() && step.id === wish)) {
      node.value = id;
      return bench.announce(say("That name is taken or has other signs; it stays %(name)s.", { name: id }));
    }
    bench.change(renamedStep(bench.guide(), bench.step(), wish));
  });
  return node;
}

export function renamedStep<T extends { steps: any[] }>(guide: T, index: number, wish: string): T {
  const old = guide.steps[index].id;
  const renamed = put(guide, ["steps", index, "id"], wish);
  const steps = renamed.steps.map((step) => ({
    ...step,
    blocks: step.blocks.map((block: any) => (block.actions ? { ...block, actions: block.actions.map((action: any) => (action.step === old ? { ...action, step: wish } : action)) } : block)),
    ...(step.branches && { branches: step.branches.map((branch: any) => (branch.step === old ? { ...branch, step: wish } : branch)) }),
  }));
  return { ...renamed, steps };
}

const WAYS = () =>
  [
    ["click", say("The person clicks it")],
    ["input", say("The person fills it in")],
    ["url", say("A page is reached")],
    ["event", say("An event happens")],
  ] as const;

const fresh = (on: string): AdvanceDoc => (on === "url" ? { on, path: "/*" } : on === "event" ? { on, event: "Event name" } : { on });

function advanceLines(bench: Bench, path: Path, ways: AdvanceDoc[]): HTMLElement[] {
  const set = (next: AdvanceDoc[]) => bench.set(path, next.length ? next : undefined);
  const lines = ways.map((way, index) => {
    const place = [...path, index];
    const more = way.on === "url" ? textAt(bench, [...place, "path"], { label: say("Path") }) : way.on === "event" ? textAt(bench, [...place, "event"], { label: say("Event") }) : way.on === "input" ? textAt(bench, [...place, "value"], { label: say("Value, or empty for any"), placeholder: say("any value"), empty: undefined }) : false;
    return el("div", { class: "line" }, el("div", { class: "grow stack tight" }, choice(place.join("/"), way.on, WAYS(), (on) => set(ways.map((one, other) => (other === index ? fresh(on) : one))), say("What moves it on")), more, faultOf(place)), remove(say("Way %(n)s", { n: index + 1 }), () => set(ways.filter((_, other) => other !== index))));
  });
  return [...lines, ways.length < 5 ? addButton(say("Add a way"), () => set([...ways, fresh("click")])) : el("span")];
}
