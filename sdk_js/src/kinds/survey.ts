/** A survey: NPS, satisfaction by dimension, a choice, a text; it goes on by answers, says thank you, and is told once. */
import type { Player, Stage, Kit } from "../stage";
import type { Branch, QuestionBlock, Step } from "../wire";
import { buttonsOf, isZh, plain, press, TICK } from "./parts";
import css from "./survey.css";

type Value = number | string[] | string | Record<string, number>;

const EN = ["Send", "Next", "optional", "Close", "Thank you", "Done", "Answer this first.", "# of #", "Very bad", "Bad", "Neither", "Good", "Very good"];
const ZH = ["提交", "下一步", "选填", "关闭", "感谢反馈", "完成", "请先回答此问题。", "# / #", "很不满意", "不满意", "一般", "满意", "很满意"];
const SCORES = [0, 2.5, 5, 7.5, 10];
const HEAD = "M8 1.6a6.4 6.4 0 1 1 0 12.8a6.4 6.4 0 1 1 0-12.8M5.8 6v.7M10.2 6v.7";
const MOUTHS = ["M5 11.3q3-3.4 6 0M4.8 5l1.6.7M11.2 5l-1.6.7", "M5.3 11q2.7-2 5.4 0", "M5.5 10.5h5", "M5.3 9.8q2.7 2.2 5.4 0", "M4.8 9h6.4q-.6 3-3.2 3t-3.2-3"];
const AFTER = "!";

export function play(stage: Stage, kit: Kit): Player {
  const { win, guide, report, fits, icon } = stage;
  const { make, draw, spans } = kit;
  const { steps } = guide;
  const doc = win.document;
  const words = isZh(guide.lang || stage.locale) ? ZH : EN;
  const life = stage.openScope();
  const surface = kit.openSurface(stage);
  const { ours, layer } = surface;
  const sheet = new CSSStyleSheet();
  const answers: Record<string, Value> = {};
  let step: Step;
  let thanks = false;
  let before: HTMLElement | null = null;

  sheet.replaceSync(css);
  ours.shadowRoot!.adoptedStyleSheets = [...ours.shadowRoot!.adoptedStyleSheets, sheet];
  layer.classList.add("survey");
  life.listen(ours, "focusin", (event) => {
    before = ((event as FocusEvent).relatedTarget as HTMLElement | null) ?? before;
  });

  const leave = () => {
    const had = doc.activeElement === ours;
    life.end();
    ours.remove();
    if (had) before?.focus({ preventScroll: true });
  };
  const end = (what: "finished" | "dismissed", reason?: string) => {
    leave();
    stage.over(what, step.id, reason);
  };
  const dismiss = async (reason: string) => {
    if (thanks) end("finished");
    else if (await stage.ask("beforeClose", { step: step.id, reason })) end("dismissed", reason);
  };

  const asks = ({ blocks }: Step) => blocks.filter((block): block is QuestionBlock => block.type === "question");

  const meets = ({ question, op, value }: Branch): boolean => {
    const said = answers[question];
    if (op === "has") return Array.isArray(said) && said.includes(`${value}`);
    if (typeof said !== "number") return `${said}` === `${value}`;
    return op === "is" ? said === Number(value) : op === "lte" ? said <= Number(value) : said >= Number(value);
  };

  const choose = (name: string, value: string, type: string, look: string, label: string, checked: boolean, inner: Node | string, heard: (on: boolean) => void) => {
    const input = make("input", { type, name, value, ...(label && { "aria-label": label }) });
    input.checked = checked;
    const shell = make("label", { class: look }, input, inner);
    const show = () => {
      const all = type === "radio" ? shell.parentElement!.querySelectorAll("label") : [shell];
      all.forEach((one) => one.classList.toggle("on", one.querySelector("input")!.checked));
    };
    if (checked) shell.classList.add("on");
    input.onchange = () => {
      show();
      heard(input.checked);
    };
    return shell;
  };

  const draws: Record<QuestionBlock["ask"], (block: QuestionBlock, changed: () => void) => (Node | false)[]> = {
    nps: ({ id, low, high }, changed) => [
      make("div", { class: "nps" }, ...[...Array(11).keys()].map((n) =>
        choose(id, `${n}`, "radio", "", "", answers[id] === n, `${n}`, () => {
          answers[id] = n;
          changed();
        }),
      )),
      make("div", { class: "ends" }, make("small", {}, ...spans(low ?? "")), make("small", {}, ...spans(high ?? ""))),
    ],
    csat: ({ id, options = [], text }) =>
      (options[0] ? options : [{ id: "", text: text ?? "" }]).map(({ id: part, text: name }) => {
        const said = make("small", {});
        const faces = SCORES.map((score, i) =>
          choose(`${id}.${part}`, `${score}`, "radio", "face", words[8 + i]!, false, icon(HEAD + MOUTHS[i]), () => {
            answers[id] = { ...(answers[id] as object), [part]: score };
            said.textContent = words[8 + i]!;
          }),
        );
        return make("div", { class: "row", role: "radiogroup", "aria-label": plain(name) }, make("span", {}, part && make("b", {}, ...spans(name)), said), make("div", { class: "faces" }, ...faces));
      }),
    choice: ({ id, options = [], many }) => [
      make("div", { class: "opts" }, ...options.map((one) =>
        choose(id, one.id, many ? "checkbox" : "radio", "opt", "", false, make("span", {}, ...spans(one.text)), (on) => {
          const others = many ? ((answers[id] as string[]) ?? []).filter((other) => other !== one.id) : [];
          answers[id] = on ? [...others, one.id] : others;
        }),
      )),
    ],
    text: ({ id, max_length: most = 500, text, required }) => {
      const area = make("textarea", { maxlength: `${most}`, id: "q-" + id });
      const left = make("small", { "aria-hidden": "true" });
      const told = () => (left.textContent = words[7]!.replace("#", `${area.value.length}`).replace("#", `${most}`));
      area.oninput = () => {
        answers[id] = area.value;
        told();
      };
      told();
      return [make("label", { class: "label", for: "q-" + id }, ...spans(text ?? ""), required === false && make("small", {}, ` (${words[2]})`)), area, left];
    },
  };

  const isAnswered = ({ id, ask, options = [] }: QuestionBlock): boolean => {
    const said = answers[id];
    if (ask === "csat") return Object.keys((said as object) ?? {}).length >= (options.length || 1);
    return ask === "nps" ? said !== undefined : !!(said as string | string[] | undefined)?.length;
  };

  const send = (note: HTMLElement) => {
    const waiting = asks(step).find((one) => one.required !== false && !isAnswered(one));
    if (waiting) {
      note.textContent = words[6]!;
      layer.querySelector<HTMLElement>(`[data-q="${waiting.id}"] input, [data-q="${waiting.id}"] textarea`)?.focus();
      return;
    }
    asks(step).forEach(({ id, ask }) => {
      // What is left empty says nothing.
      if (`${answers[id] ?? ""}`.trim()) stage.answer(step.id, { question: id, ask, value: answers[id] });
    });
    const branch = step.branches?.find(meets);
    const next = branch ? steps.find((one) => one.id === branch.step) : steps[steps.indexOf(step) + 1];
    if (next && asks(next)[0]) return show(next);
    if (next) step = next;
    thank(!!next);
  };

  const card = (heading: string, ...inner: (Node | string | false)[]) => {
    const had = doc.activeElement === ours;
    const drawn = make(
      "div",
      { class: "card ask", role: "dialog", tabindex: "-1", "aria-labelledby": heading },
      make("div", { class: "top" }, press(kit, "x cross", words[3]!, () => void dismiss("closed"))),
      make("div", { class: "scroll" }, ...inner),
    );
    surface.lay(undefined, drawn);
    if (had) drawn.focus({ preventScroll: true });
    life.after(100, () => surface.say(drawn));
  };

  const thank = (authored: boolean) => {
    thanks = true;
    stage.keep(step.id + (authored ? "" : AFTER));
    const own = authored ? step.blocks : [];
    const head = authored ? step.blocks.map(draw) : [make("h2", {}, words[4]!)];
    head.forEach((one) => one && one.tagName === "H2" && (one.id = "thanks"));
    const label = plain(buttonsOf(own)[0]?.text ?? words[5]!);
    card("thanks", make("div", { class: "thanks" }, icon(TICK), ...head, make("div", { class: "foot" }, press(kit, "primary", "", () => end("finished"), label))));
    if (authored) report("step", step.id);
  };

  const show = (to: Step) => {
    step = to;
    stage.keep(step.id);
    const note = make("p", { class: "bad", role: "alert" });
    const late: HTMLElement[] = [];
    const changed = () => late.forEach((one) => (one.hidden = false));
    let heading = "";
    const body = step.blocks.map((block, i): Node | false => {
      if (block.type === "button") return false;
      if (block.type !== "question") {
        const drawn = draw(block);
        if (drawn && block.type === "heading") drawn.id = heading = "asked";
        return drawn;
      }
      const is_text = block.ask === "text";
      const name = !is_text && plain(block.text ?? "") ? make("legend", {}, ...spans(block.text!)) : "";
      if (name && !heading) name.id = heading = "asked";
      const set = make(is_text ? "div" : "fieldset", { "data-q": block.id, ...(!is_text && !name && heading && { "aria-labelledby": heading }) }, name, ...draws[block.ask](block, changed));
      if (is_text) set.classList.add("written");
      // The reason is asked for once there is a score.
      const prior = step.blocks[i - 1];
      if (is_text && prior?.type === "question" && prior.ask === "nps" && answers[prior.id] === undefined) {
        set.hidden = true;
        late.push(set);
      }
      return set;
    });
    const after = steps[steps.indexOf(step) + 1];
    const authored = buttonsOf(step.blocks);
    const quiet = authored.filter(({ actions }) => ["later", "never", "no_tips", "close"].includes(actions[0]!.do)).map(({ text, actions }) =>
      press(kit, "", "", () => void dismiss(actions[0]!.do === "close" ? "closed" : actions[0]!.do), ...spans(text)),
    );
    card(heading || "asked", ...body, note, make("div", { class: "foot" }, ...quiet, press(kit, "primary", "", () => send(note), words[after && asks(after)[0] ? 1 : 0]!)));
    if (steps[0] === step && !stage.resumed) report("shown", step.id);
    report("step", step.id);
  };

  life.listen(win, "keydown", (event) => {
    const { key, defaultPrevented } = event as KeyboardEvent;
    if (defaultPrevented) return;
    const inside = doc.activeElement === ours;
    if (key === "F6") (inside ? before : layer.querySelector<HTMLElement>(".ask"))?.focus();
    if (key === "Escape" && inside) void dismiss("closed");
  });

  const from = `${stage.from ?? ""}`;
  const found = steps.find((one) => one.id === from.replace(AFTER, "")) ?? steps[0]!;
  step = found;
  if (from.endsWith(AFTER) || !asks(found)[0]) thank(!from.endsWith(AFTER));
  else show(found);

  return {
    onRoute() {
      layer.hidden = !fits(guide.pages);
    },
    onTrack() {},
    stop: leave, close: () => end(thanks ? "finished" : "dismissed", thanks ? undefined : "closed") };
}
