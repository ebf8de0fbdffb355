/** Who sees the guide and when: what belongs to the whole guide, not to one step. */
import { audienceEditor } from "./audience";
import type { Bench } from "./bench";
import { el } from "./dom";
import { choice, choiceAt, faultOf, field, linesAt, named, numberAt, textAt, textField, tickAt } from "./fields";
import { isStanding, kindFields } from "./kinds";
import { targetEditor } from "./targets";
import { say } from "./words";

export function settingsView(bench: Bench): HTMLElement {
  const guide = bench.guide();
  const goals = [["", say("None: nobody will know whether it worked")], ...bench.state.features.map((one) => [one.key, one.name] as const)] as const;
  const goal = choice("/goal_feature", guide.goal_feature ?? "", goals, (key) => bench.set(["goal_feature"], key || undefined));
  return el(
    "div",
    { class: "who" },
    panel(say("Who"), audienceEditor(bench)),
    panel(
      say("When"),
      ...(isStanding(guide.kind) ? [] : triggerFields(bench)),
      linesAt(bench, ["pages"], say("Pages"), say("One path a line; * stands for one part, ** for any. Empty: every page."), undefined),
      ...frequencyFields(bench),
      dates(bench),
    ),
    panel(
      say("What for"),
      field(say("Name of the guide"), textAt(bench, ["name"]), faultOf(["name"])),
      ...kindFields(bench),
      field(say("Goal feature"), goal, el("span", { class: "hint" }, say("The feature whose use this guide should lift; its report counts it.")), faultOf(["goal_feature"])),
      field(say("Priority, 0 to 100"), numberAt(bench, ["priority"], 50, 0, 100), el("span", { class: "hint" }, say("When several guides fit, the highest goes first."))),
      field(say("Attention"), choiceAt(bench, ["budget"], "spend", [["spend", say("Spends the person's one unasked guide of the day")], ["free", say("Free: spends nothing")]])),
      tickAt(bench, ["linkable"], false, say("Can also be started by a link or a button")),
      Object.keys(bench.state.themes).length ? field(say("Theme"), choiceAt(bench, ["theme"], "", [["", say("Default")], ...Object.keys(bench.state.themes).map((key) => [key, key] as const)]), faultOf(["theme"])) : el("span"),
    ),
  );
}

const panel = (title: string, ...children: HTMLElement[]): HTMLElement => el("section", { class: "panel" }, el("div", { class: "panel-head" }, el("h2", {}, title)), el("div", { class: "panel-body stack" }, ...children));

function triggerFields(bench: Bench): HTMLElement[] {
  const trigger = bench.guide().trigger ?? { on: "page" };
  const ways = [["page", say("On arrival at the page")], ["element", say("When an element is there")], ["event", say("When an event happens")], ["manual", say("Only when somebody starts it")]] as const;
  const choose = (on: string) => bench.set(["trigger"], on === "page" ? undefined : on === "element" ? { on, target: { locators: [{ by: "testid", value: "my-button" }] } } : on === "event" ? { on, event: "Event name" } : { on });
  return [
    field(say("Begins"), choice("/trigger/on", trigger.on, ways, choose), faultOf(["trigger"])),
    ...(trigger.on === "event" ? [field(say("Event"), textAt(bench, ["trigger", "event"]))] : []),
    ...(trigger.on === "element" ? [named(say("Element"), targetEditor(bench, ["trigger", "target"], false))] : []),
  ];
}

function frequencyFields(bench: Bench): HTMLElement[] {
  const repeat = bench.guide().frequency?.repeat ?? "once";
  const ways = [["once", say("Once")], ["until_finished", say("Until finished")], ["always", say("Again and again")]] as const;
  return [
    field(say("How often"), choiceAt(bench, ["frequency", "repeat"], "once", ways)),
    ...(repeat === "once" ? [] : [field(say("Rest in between, in days"), numberAt(bench, ["frequency", "wait_days"], 7, 0, 365))]),
  ];
}

function dates(bench: Bench): HTMLElement {
  const one = (name: "from_at" | "until_at", label: string) => {
    const held = bench.guide().schedule?.[name];
    const local = held ? toLocal(new Date(held)) : "";
    const write = (text: string) => bench.type(["schedule", name], text ? new Date(text).toISOString().replace(".000", "") : undefined);
    return field(label, textField(`/schedule/${name}`, local, write, { kind: "datetime-local" }), faultOf(["schedule", name]));
  };
  return el("div", { class: "pair" }, one("from_at", say("From")), one("until_at", say("Until")));
}

const two = (number: number) => `${number}`.padStart(2, "0");
const toLocal = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
