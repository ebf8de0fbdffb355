/** A checklist: tasks, how many are done, the current one open; it folds into a pill and is there on every page. */
import type { Post } from "../stage";
import type { Rich, Step } from "../wire";
import css from "./checklist.css";
import { act, buttonsOf, DOWN, isZh, press, TICK } from "./parts";

const EN = ["# of # done", "Done", "Fold", "Hide this list", "Hide this list", "I have done this", "All done"];
const ZH = ["已完成 #/#", "已完成", "收起", "隐藏此清单", "隐藏此清单", "标记为完成", "全部完成"];
/** What the showing of the list itself is told as: no task. */
const LIST = "$list";
const ROUND = "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13";
const ROUND_LENGTH = 41;

export const post: Post = (place, kit) => {
  const { guide, locale, report, scope, recall, remember, icon } = place;
  const { make, draw, spans } = kit;
  const { steps } = guide;
  const words = isZh(guide.lang || locale) ? ZH : EN;
  const by_hand = guide.by_hand ?? [];
  const layer = place.layer(css);
  layer.classList.add(guide.place!);
  const kept: { folded?: boolean } = recall() ?? { folded: guide.collapsed };
  let { folded } = kept;
  let done = guide.done ?? [];
  let open: string | undefined;
  let over = false;

  const title = (): Rich => guide.title ?? guide.name ?? "";
  const isDone = ({ id }: Step) => done.includes(id);
  const nameOf = ({ blocks, id }: Step): Rich => {
    const head = blocks.find((block) => block.type === "heading");
    return head?.type === "heading" ? head.text : id;
  };
  const count = () => words[0]!.replace("#", `${done.length}`).replace("#", `${steps.length}`);

  const fold = (to: boolean) => {
    remember({ folded: (folded = to) });
    paint(true);
  };

  const tick = (step: Step) => {
    report("step", step.id);
    settle([...done, step.id]);
  };

  const settle = (now: string[]) => {
    const fresh = now.filter((id) => !done.includes(id) && steps.some((one) => one.id === id));
    if (!fresh.length) return;
    done = [...done, ...fresh];
    fresh.filter((id) => !by_hand.includes(id)).forEach((id) => report("step", id));
    open = steps.find((one) => !isDone(one))?.id;
    paint();
    finishIf();
  };

  const finishIf = () => {
    if (over || !steps.every(isDone)) return;
    over = true;
    place.finish();
  };

  const task = (step: Step, index: number): HTMLElement => {
    const { id, blocks } = step;
    const is_done = isDone(step);
    const waits = !!guide.ordered && steps.slice(0, index).some((one) => !isDone(one));
    const is_open = open === id && !is_done;
    const line = press(kit, "task", "", () => {
      if (is_done || waits) return;
      open = is_open ? "" : id;
      paint(id);
    });
    line.append(
      make("span", { class: "tick" }, is_done && (icon(TICK))),
      make("span", { class: "word" }, ...spans(nameOf(step))),
      is_done ? make("small", {}, words[1]!) : "",
    );
    if (!is_done) {
      const chev = icon(DOWN);
      chev.setAttribute("class", "chev");
      line.append(chev);
      line.setAttribute("aria-expanded", `${is_open}`);
      if (waits) line.setAttribute("aria-disabled", "true");
    }
    line.dataset.task = id;
    const buttons = buttonsOf(blocks).map((block) =>
      press(
        kit,
        block.style ?? "primary",
        "",
        () => {
          if (block.actions.some((one) => one.do === "start")) fold(true);
          act(place, block.actions, () => {});
        },
        ...spans(block.text),
      ),
    );
    if (by_hand.includes(id)) buttons.push(press(kit, buttons[0] ? "" : "primary", "", () => tick(step), words[5]!));
    return make(
      "li",
      { class: is_done ? "done" : is_open ? "now" : "" },
      line,
      is_open && make("div", { class: "open" }, ...blocks.map((block) => block.type !== "heading" && draw(block)), make("div", { class: "foot" }, ...buttons)),
    );
  };

  const pill = () => {
    const ring = icon(ROUND);
    ring.setAttribute("stroke-dasharray", `${(ROUND_LENGTH * done.length) / steps.length} 99`);
    const made = press(kit, "pillbox", "", () => fold(false), icon(ROUND), ring, make("span", {}, ...spans(title())), make("small", {}, count()));
    made.setAttribute("aria-expanded", "false");
    return make("div", { class: "dock" }, made);
  };

  /** Not by the second half of a double click that opened the list. */
  const hide =
    (reason: string) =>
    ({ detail }: MouseEvent) =>
      detail < 2 && place.dismiss(reason);

  const list = () => {
    const bar = make("div", {});
    bar.style.width = `${(100 * done.length) / steps.length}%`;
    return make(
      "div",
      { class: "dock listdock" },
      make(
        "section",
        { class: "listbox", "aria-labelledby": "list" },
        make(
          "div",
          { class: "head" },
          make("h2", { id: "list" }, ...spans(title())),
          make("div", { class: "tools" }, press(kit, "x fold", words[2]!, () => fold(true)), press(kit, "x cross", words[3]!, hide("closed"))),
          make("div", { class: "prog" }, make("div", { class: "rail" }, bar), make("small", { role: "status" }, count())),
        ),
        make("ul", {}, ...steps.map(task)),
        make("div", { class: "last" }, press(kit, "", "", hide("never"), words[4]!)),
      ),
    );
  };

  /** Focus stays where it was: on the task, or on what opens and folds. */
  const paint = (focus?: boolean | string) => {
    // Over what else stands there.
    if (!folded && layer.nextSibling) layer.parentNode!.append(layer);
    layer.replaceChildren(folded ? pill() : list());
    const to = focus === true ? (folded ? ".pillbox" : ".fold") : focus && `[data-task="${focus}"]`;
    if (to) layer.querySelector<HTMLElement>(to)?.focus();
  };

  scope.listen(layer, "keydown", (event) => (event as KeyboardEvent).key === "Escape" && !folded && fold(true));
  open = steps.find((one) => !isDone(one))?.id;
  paint();
  if (!guide.resumed) report("shown", LIST);
  finishIf();
  return { update: settle };
};
