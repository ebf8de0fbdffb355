/** The steps in order: chosen, added, copied, taken away and moved, by hand or by keys. */
import type { Bench } from "./bench";
import { stepIcon } from "./blocks";
import { defaultLocale, freeId, moved, targetName, titleOf, withoutStep, type GuideDoc, type StepDoc } from "../draft/document";
import { el, fill, icon } from "./dom";
import { iconButton } from "./fields";
import { hasForm } from "./kinds";
import { say } from "./words";

const MOST = 40;

export function newStep(guide: GuideDoc): StepDoc {
  const ids = guide.steps.map((step) => step.id);
  return { id: freeId("step", ids), blocks: [{ type: "heading", text: "" }, { type: "text", text: "" }], ...(guide.kind === "modal" ? { kind: "modal" } : {}) };
}

export function withCopy(guide: GuideDoc, index: number): GuideDoc {
  const copy = { ...guide.steps[index]!, id: freeId("step", guide.steps.map((step) => step.id)) };
  return { ...guide, steps: [...guide.steps.slice(0, index + 1), copy, ...guide.steps.slice(index + 1)] };
}

export interface Steps {
  node: HTMLElement;
  draw(): void;
}

export function openSteps(bench: Bench): Steps {
  const count = el("span", { class: "count" });
  const list = el("ol", { class: "steps" });
  const tools = el("div", { class: "step-tools", role: "group", "aria-label": say("This step") });
  let dragged = -1;
  const guide = () => bench.guide();
  const full = () => guide().steps.length >= MOST;

  const add = () => {
    if (full()) return bench.announce(say("A guide has at most %(n)s steps.", { n: MOST }));
    bench.change({ ...guide(), steps: [...guide().steps.slice(0, bench.step() + 1), newStep(guide()), ...guide().steps.slice(bench.step() + 1)] });
    bench.selectStep(bench.step() + 1);
    bench.announce(say("Step %(n)s added", { n: bench.step() + 1 }));
  };
  const move = (from: number, to: number) => {
    if (to < 0 || to >= guide().steps.length || from === to) return;
    bench.change({ ...guide(), steps: moved(guide().steps, from, to) });
    bench.selectStep(to);
    focus();
    bench.announce(say("Step moved to place %(n)s", { n: to + 1 }));
  };
  const copy = (index: number) => {
    if (full()) return;
    bench.change(withCopy(guide(), index));
    bench.selectStep(index + 1);
    bench.announce(say("Step %(n)s added", { n: index + 2 }));
  };
  const drop = (index: number) => {
    if (guide().steps.length < 2) return bench.announce(say("A guide has at least one step."));
    bench.change(withoutStep(guide(), index));
    bench.selectStep(Math.min(index, guide().steps.length - 1));
    focus();
    bench.announce(say("Step deleted. Ctrl+Z brings it back."));
  };
  const focus = () => list.querySelector<HTMLElement>("[aria-current]")?.focus();

  const onKey = (event: KeyboardEvent, index: number) => {
    const { key, altKey, ctrlKey, metaKey } = event;
    const to = key === "ArrowUp" ? index - 1 : key === "ArrowDown" ? index + 1 : undefined;
    if (to !== undefined && altKey) move(index, to);
    else if (to !== undefined && to >= 0 && to < guide().steps.length) {
      bench.selectStep(to);
      focus();
    } else if (key === "Delete") drop(index);
    else if ((ctrlKey || metaKey) && key.toLowerCase() === "d") copy(index);
    else return;
    event.preventDefault();
  };

  const line = (step: StepDoc, index: number) => {
    const current = index === bench.step();
    const faults = bench.problems().filter(({ pointer }) => pointer === `/steps/${index}` || pointer.startsWith(`/steps/${index}/`)).length;
    const isModal = step.kind === "modal" || guide().kind === "modal";
    const where = targetName(step.target);
    const sub = !hasForm(guide().kind) ? say("Blocks: %(n)s", { n: step.blocks.length }) : isModal ? say("Dialog over the page") : where ? say("Points at %(what)s", { what: where }) : say("In the middle of the page");
    const button = el(
      "button",
      { type: "button", class: "step", "aria-current": current && "step", tabindex: current ? "0" : "-1", "aria-keyshortcuts": "Alt+ArrowUp Alt+ArrowDown Delete Control+D", onclick: () => bench.selectStep(index), onkeydown: (event: KeyboardEvent) => onKey(event, index) },
      el("span", { class: "no" }, `${index + 1}`),
      el("span", {}, el("b", { class: "truncate" }, titleOf(step, bench.locale(), defaultLocale(guide())) || say("No text yet")), el("span", { class: "sub truncate" }, sub)),
      faults ? icon("warn", "warn") : stepIcon(isModal ? "modal" : "tooltip"),
      faults > 0 && el("span", { class: "vh" }, say("%(n)s to look at", { n: faults })),
    );
    const item = el("li", { draggable: "true", "data-step": `${index}` }, button);
    item.addEventListener("dragstart", (event) => {
      dragged = index;
      event.dataTransfer?.setData("text/plain", step.id);
    });
    item.addEventListener("dragover", (event) => {
      if (dragged < 0) return;
      event.preventDefault();
      item.classList.add("over");
    });
    item.addEventListener("dragleave", () => item.classList.remove("over"));
    item.addEventListener("drop", (event) => {
      event.preventDefault();
      move(dragged, index);
    });
    item.addEventListener("dragend", () => {
      dragged = -1;
      list.querySelectorAll(".over").forEach((one) => one.classList.remove("over"));
    });
    return item;
  };

  const draw = () => {
    const had = list.contains(document.activeElement);
    const index = bench.step();
    count.textContent = `${guide().steps.length}`;
    fill(list, ...guide().steps.map(line));
    fill(
      tools,
      iconButton("arrow-up", say("Move the step up"), () => move(index, index - 1), { disabled: index === 0 }),
      iconButton("arrow-down", say("Move the step down"), () => move(index, index + 1), { disabled: index >= guide().steps.length - 1 }),
      iconButton("copy", say("Duplicate the step"), () => copy(index), { disabled: full() }),
      iconButton("x", say("Delete the step"), () => drop(index), { disabled: guide().steps.length < 2 }),
    );
    if (had) focus();
  };

  const node = el("div", { class: "steps-part" }, el("div", { class: "pane-head" }, el("h2", {}, say("Steps")), count, el("span", { class: "push" }, iconButton("plus", say("Add a step"), add))), list, tools);
  return { node, draw };
}
