/** What is wrong is said where it is wrong, and in one line below the preview. */
import type { Bench, Problem } from "./bench";
import { el, fill, icon } from "./dom";
import { say } from "./words";

/** The innermost place on the page that holds the pointer says it; what no place holds stands in the line below. */
export function showFaults(root: ParentNode, problems: readonly Problem[]): void {
  const places = [...root.querySelectorAll<HTMLElement>("[data-fault]")];
  places.forEach((place) => {
    place.textContent = "";
    place.hidden = true;
  });
  for (const problem of problems) {
    const fitting = places.filter(({ dataset }) => problem.pointer === dataset.fault || problem.pointer.startsWith(`${dataset.fault}/`));
    const place = fitting.sort((a, b) => b.dataset.fault!.length - a.dataset.fault!.length)[0];
    if (!place) continue;
    place.hidden = false;
    place.textContent = [place.textContent, problem.message].filter(Boolean).join(" ");
    place.classList.toggle("bad", problem.blocks);
  }
}

export const stepOf = (pointer: string): number | undefined => {
  const found = /^\/steps\/(\d+)/.exec(pointer);
  return found ? Number(found[1]) : undefined;
};

/** What is wrong, after the step it is wrong in. */
export const placed = ({ pointer, message }: Problem): string => {
  const step = stepOf(pointer);
  return step === undefined ? message : say("%(place)s: %(what)s", { place: say("Step %(n)s", { n: step + 1 }), what: message });
};

export function drawFoot(foot: HTMLElement, bench: Bench, lead: (problem: Problem) => void): void {
  const problems = [...bench.problems()].sort((a, b) => Number(b.blocks) - Number(a.blocks));
  const first = problems[0];
  if (!first) return fill(foot, el("span", { class: "row" }, icon("check"), say("Nothing to look at: it can be published.")));
  const step = stepOf(first.pointer);
  const stops = problems.filter((one) => one.blocks).length;
  const count = stops ? (stops === 1 ? say("1 stops publication") : say("%(n)s stop publication", { n: stops })) : problems.length === 1 ? say("1 to look at") : say("%(n)s to look at", { n: problems.length });
  fill(
    foot,
    el("span", { class: "row foot-said" }, icon("warn", "warnc"), el("span", {}, el("b", {}, count), " ", placed(first))),
    el("button", { type: "button", class: "more push", onclick: () => lead(first) }, step === undefined ? say("Go there") : say("Go to step %(n)s", { n: step + 1 }), icon("arrow-right")),
  );
}
