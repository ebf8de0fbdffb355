/** What the further kinds have besides: questions and ways of a survey, tasks of a checklist, the place of what stands by itself. */
import type { Bench } from "./bench";
import { at, freeId, put, type BlockDoc, type Path } from "../draft/document";
import { el } from "./dom";
import { addButton, choice, choiceAt, faultOf, field, named, remove, textField, tickAt, wordsFields } from "./fields";
import { say } from "./words";

/** They stand in the page by themselves: nothing points, nothing advances. */
export const isStanding = (kind: string): boolean => kind === "banner" || kind === "checklist" || kind === "resource_centre";
export const hasForm = (kind: string): boolean => kind === "tour" || kind === "tooltip" || kind === "modal";

interface Option {
  id: string;
  text: unknown;
}

const ASKS = () => [["nps", say("0 to 10 (NPS)")], ["csat", say("Satisfaction, five faces")], ["choice", say("A choice")], ["text", say("A text")]] as const;

export function questionBody(bench: Bench, path: Path, block: BlockDoc): HTMLElement[] {
  const ask = `${block.ask ?? "nps"}`;
  const options = (block.options ?? []) as Option[];
  const set = (next: Option[]) => bench.set([...path, "options"], next.length ? next : undefined);
  const fresh = () => ({ id: freeId("answer", options.map(({ id }) => id)), text: "" });
  const choose = (value: string) => {
    const { options: _, low: __, high: ___, ...rest } = block;
    bench.set(path, { ...rest, ask: value, ...(value === "choice" && { options: [{ id: "a", text: "" }, { id: "b", text: "" }] }) });
  };
  const takes = ask === "choice" || ask === "csat";
  return [
    field(say("Asks for"), choice(`${path.join("/")}/ask`, ask, ASKS(), choose)),
    wordsFields(bench, [...path, "text"], say("Question")),
    ...(ask === "nps" ? [wordsFields(bench, [...path, "low"], say("Words at the low end")), wordsFields(bench, [...path, "high"], say("Words at the high end"))] : []),
    ...(takes ? options.map((option, index) => el("div", { class: "line" }, wordsFields(bench, [...path, "options", index, "text"], say("Answer %(n)s", { n: index + 1 })), options.length > (ask === "choice" ? 2 : 0) && remove(say("Answer %(n)s", { n: index + 1 }), () => set(options.filter((one) => one.id !== option.id))))) : []),
    ...(takes && options.length < 20 ? [addButton(say("Add an answer"), () => set([...options, fresh()]))] : []),
    ...(ask === "choice" ? [tickAt(bench, [...path, "many"], false, say("More than one may be taken"))] : []),
    tickAt(bench, [...path, "required"], true, say("Must be answered")),
  ];
}

/** A task of a checklist is done by a feature, a guide, or when the person says so. */
export function taskFields(bench: Bench): HTMLElement[] {
  const path: Path = ["steps", bench.step(), "done_when"];
  const rule = at(bench.guide(), path) as { feature?: string; guide?: string; checkpoint?: string } | undefined;
  const by = rule?.feature !== undefined ? "feature" : rule?.guide !== undefined ? "guide" : rule?.checkpoint !== undefined ? "checkpoint" : "";
  const guides = bench.state.guides.filter((one) => one.key !== bench.guide().key);
  const choose = (way: string) => bench.set(path, way === "feature" ? { feature: bench.state.features[0]?.key ?? "feature" } : way === "guide" ? { guide: guides[0]?.key ?? "guide" } : way === "checkpoint" ? { checkpoint: "checkpoint" } : undefined);
  const ways = [["", say("The person ticks it")], ["feature", say("A feature was used")], ["guide", say("A guide was finished")], ["checkpoint", say("A checkpoint was reached")]] as const;
  const what = by === "feature" ? bench.state.features : by === "guide" ? guides : undefined;
  return [
    field(say("This task is done when"), choice(path.join("/"), by, ways, choose), faultOf(path)),
    ...(what ? [choiceAt(bench, [...path, by], "", what.map((one) => [one.key, one.name] as const), say("Which"))] : []),
    ...(by === "checkpoint" ? [textField(path.join("/") + "/checkpoint", rule?.checkpoint ?? "", (text) => text.trim() && bench.type([...path, "checkpoint"], text.trim()), { label: say("Key of the checkpoint") })] : []),
  ];
}

interface BranchDoc {
  question: string;
  op: string;
  value: string | number;
  step?: string;
}

/** Where a survey goes on, by what was answered. */
export function branchFields(bench: Bench): HTMLElement[] {
  const path: Path = ["steps", bench.step(), "branches"];
  const branches = (at(bench.guide(), path) ?? []) as BranchDoc[];
  const questions = bench.guide().steps.flatMap((step) => step.blocks).filter((block) => block.type === "question").map((block) => block.id!);
  if (!questions.length) return [];
  const set = (next: BranchDoc[]) => bench.set(path, next.length ? next : undefined);
  const ops = [["is", say("is")], ["has", say("holds")], ["lte", say("is at most")], ["gte", say("is at least")]] as const;
  const steps = [["", say("The survey ends")], ...bench.guide().steps.map((step, index) => [step.id, say("Step %(n)s", { n: index + 1 })] as const)] as const;
  const write = (place: Path, op: string) => (text: string) => bench.type([...place, "value"], (op === "lte" || op === "gte") && text !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
  const lines = branches.map((branch, index) => {
    const place = [...path, index];
    const goes = choice(`${place.join("/")}/step`, branch.step ?? "", steps, (id) => bench.change(put(bench.guide(), [...place, "step"], id || undefined)), say("Goes to"));
    return el(
      "div",
      { class: "line" },
      el("div", { class: "grow stack tight" }, choiceAt(bench, [...place, "question"], "", questions.map((id) => [id, id] as const), say("Question")), choiceAt(bench, [...place, "op"], "", ops, say("Comparison")), textField(`${place.join("/")}/value`, `${branch.value}`, write(place, branch.op), { label: say("Value") }), goes, faultOf(place)),
      remove(say("Way %(n)s", { n: index + 1 }), () => set(branches.filter((_, other) => other !== index))),
    );
  });
  return [named(say("After an answer"), ...lines, branches.length < 20 ? addButton(say("Add a way"), () => set([...branches, { question: questions[0]!, op: "is", value: "" }])) : el("span"))];
}

/** What the whole guide has besides. */
export function kindFields(bench: Bench): HTMLElement[] {
  const { kind } = bench.guide();
  const auto = ["auto", say("Where it is usual")] as const;
  const edges = [auto, ["top", say("At the top")], ["bottom", say("At the bottom")]] as const;
  const corners = [auto, ["start", say("At the start of the line")], ["end", say("At the end of the line")]] as const;
  return [
    ...(kind === "checklist" || kind === "resource_centre" ? [wordsFields(bench, ["title"], say("Title people read"))] : []),
    ...(hasForm(kind) ? [] : [field(say("Place"), choiceAt(bench, ["place"], "auto", kind === "banner" ? edges : corners))]),
    ...(kind === "banner" ? [tickAt(bench, ["overlay"], false, say("Lies over the page instead of pushing it down"))] : []),
    ...(kind === "checklist" ? [tickAt(bench, ["ordered"], false, say("One task after another")), tickAt(bench, ["collapsed"], false, say("Begins small, in its corner"))] : []),
  ];
}

