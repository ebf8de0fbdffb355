/** Placing the steps of one guide: where each points, what it says, and the draft played from here. */
import { locate, nameOf } from "../core/locate";
import { fitsPage, globOf } from "../core/paths";
import { freeId, withoutStep, withWords } from "../draft/document";
import { make } from "../view/dom";
import type { Player } from "../stage";
import type { Step, Target } from "../wire";
import { describe, type Described } from "./describe";
import type { Desk } from "./desk";
import { showFound } from "./found";
import type { Light } from "./lights";
import { childOf, parentOf, pick } from "./pick";
import { playDraft } from "./play";
import type { Draft } from "./server";

const SAVE_MS = 700;
const AT = "mpb_step";
const REC = "mpb_record";
const SIDES = ["auto", "top", "bottom", "left", "right"] as const;

export function openPlacer(desk: Desk): void {
  const { win, shell, words, ui, ask, lights } = desk;
  const { doc } = shell;
  let held: Draft | undefined;
  let chosen = win.sessionStorage.getItem(AT) ?? "";
  let language = "";
  let described: Described | undefined;
  let player: Player | undefined;
  let state = "";
  let dirty = false;
  let saving: Promise<boolean> | undefined;
  let soon: (() => void) | undefined;
  let isRecording = win.sessionStorage.getItem(REC) === "1";
  shell.scope.add(() => {
    win.sessionStorage.removeItem(AT);
    win.sessionStorage.removeItem(REC);
    player?.stop();
  });

  const steps = (): Step[] => held!.draft.steps;
  const step = () => steps().find((one) => one.id === chosen) ?? steps()[0]!;
  const choose = (id: string) => {
    chosen = id;
    described = undefined;
    win.sessionStorage.setItem(AT, id);
  };

  const base = () => held!.draft.default_locale ?? "en";
  /** A text in the language at hand; undefined when it has marks that a field can't hold. */
  const textOf = (said: any): string | undefined => {
    const one = said && typeof said === "object" && !Array.isArray(said) ? (said[language] ?? said[base()] ?? "") : (said ?? "");
    return typeof one === "string" ? one : undefined;
  };
  const blockOf = (one: Step, type: "heading" | "text"): any => one.blocks.find((block) => block.type === type);
  const writeBlock = (one: Step, type: "heading" | "text", text: string) => {
    const block = blockOf(one, type);
    if (block) block.text = withWords(block.text, language, text, base());
    else if (text) one.blocks.splice(type === "heading" ? 0 : one.blocks[0]?.type === "heading" ? 1 : 0, 0, { type, text } as any);
    if (block?.text === "" && one.blocks.length > 1) one.blocks = one.blocks.filter((other) => other !== block);
    change();
  };

  const say = (text: string) => {
    state = text;
    const line = shell.root.querySelector(".state");
    if (line) line.textContent = text;
  };
  const change = () => {
    dirty = true;
    say(words.saving);
    soon?.();
    soon = shell.scope.after(SAVE_MS, save);
  };

  /** One at a time; what changed meanwhile goes with the next. */
  const save = async (): Promise<boolean> => {
    soon?.();
    while (saving) await saving;
    if (!dirty || !held) return true;
    dirty = false;
    saving = (async () => {
      const { draft, etag } = held!;
      const said = await ask<Draft>("save", { guide: draft, etag, locale: language });
      if (said.status === 200) {
        held = { ...said.body, draft };
        say(words.saved);
        return true;
      }
      dirty = true;
      if (said.code === "draft_changed") conflict();
      else say(said.message ?? words.silent);
      return false;
    })();
    const done = await saving;
    saving = undefined;
    return done;
  };

  const conflict = () => {
    lights.follow(() => []);
    desk.show(words.placing, make("p", { role: "alert" }, words.changed), make("div", { class: "foot" }, ui.button(words.loadTheirs, "primary", read)));
  };

  const read = async () => {
    const said = await ask<Draft>("draft", { locale: language || doc.documentElement.lang || win.navigator.language });
    if (said.status !== 200) {
      if (said.status !== 401) desk.show(words.placing, make("p", { role: "alert" }, said.message ?? words.silent), make("div", { class: "foot" }, ui.button(words.again, "primary", read)));
      return;
    }
    held = said.body;
    dirty = false;
    language ||= held.shown.lang ?? base();
    if (!steps().some((one) => one.id === chosen)) choose(steps()[0]!.id);
    state = "";
    if (isRecording) record();
    else home();
  };

  const where = (one: Step): string => {
    if (one.pages && !fitsPage(one.pages, win.location.pathname)) return words.elsewhere;
    if (!one.target) return "";
    return locate(one.target, doc).el ? words.foundHere : words.missing;
  };
  const found = (): Light[] => {
    const one = step();
    const el = one.target && (!one.pages || fitsPage(one.pages, win.location.pathname)) ? locate(one.target, doc).el : undefined;
    return el ? [{ el, kind: "here", label: words.step(steps().findIndex((other) => other === one) + 1) }] : [];
  };

  const aim = (el: Element) => {
    described = describe(el, doc);
    if (described.target) {
      step().target = described.target;
      change();
    }
    home();
  };
  const point = () => {
    lights.follow(() => []);
    const stop = pick(win, shell, words, (el) => (el ? aim(el) : home()));
    desk.hide(words.pointing, words.stopPointing, () => {
      stop();
      home();
    });
    shell.root.querySelector<HTMLElement>(".glass")?.focus({ preventScroll: true });
  };

  const newStep = (target?: Target, heading?: string): Step => {
    return { id: freeId("step", steps().map((one) => one.id)), pages: [globOf(win.location.pathname)], ...(target && { target }), blocks: [{ type: "heading", text: heading ?? words.emptyStep }] };
  };
  const add = (made: Step, atEnd?: boolean) => {
    const at = atEnd ? steps().length : steps().findIndex((one) => one === step()) + 1;
    steps().splice(at, 0, made);
    choose(made.id);
    change();
  };
  const remove = () => {
    const at = steps().findIndex((one) => one === step());
    held!.draft.steps = withoutStep(held!.draft, at).steps;
    choose(steps()[Math.max(0, at - 1)]!.id);
    change();
    home();
  };

  const play = async () => {
    dirty = true;
    if (!(await save())) return;
    lights.follow(() => []);
    const stop = () => {
      player?.stop();
      player = undefined;
      home();
    };
    desk.hide(words.playing, words.stopPlay, stop);
    player = await playDraft(desk, held!, step().id, () => {
      player = undefined;
      home();
    });
    if (!player && shell.root.querySelector(".panel") === null) home();
  };

  const field = (one: Step, type: "heading" | "text") => {
    const text = textOf(blockOf(one, type)?.text);
    return ui.input(words[type], text ?? "", (typed) => writeBlock(one, type, typed), { lines: type === "text" ? 4 : 0, locked: text === undefined, hint: text === undefined ? words.marked : undefined });
  };

  const home = () => {
    const one = step();
    const all = steps();
    lights.follow(found);
    desk.avoid(found()[0]?.el);
    const line = (other: Step, i: number) => {
      const name = textOf(blockOf(other, "heading")?.text) || words.step(i + 1);
      const button = ui.button("", "line", () => {
        choose(other.id);
        home();
      }, other === one ? { "aria-current": "step" } : {});
      button.append(`${i + 1}. ${name}`, make("small", {}, where(other)));
      return make("li", {}, button);
    };
    const again = (el?: Element) => el && aim(el);
    desk.show(
      held!.draft.name as string,
      make("ol", { class: "lines press" }, ...all.map(line)),
      make("div", { class: "pair" }, ui.button(words.addStep, "", () => {
        add(newStep());
        home();
      }), ui.button(words.record, "", record)),
      held!.locales.length > 1 && ui.choice(words.language, language, held!.locales.map((name) => [name, name]), async (name) => {
        await save();
        language = name;
        await read();
      }),
      field(one, "heading"),
      field(one, "text"),
      make("div", { class: "stack" }, make("h3", {}, words.target),
        !one.target && make("p", { class: "soft" }, words.noTarget),
        make("div", { class: "pair" }, ui.button(one.target ? words.pointAgain : words.point, "", point), !!one.target && ui.button(words.unpoint, "", () => {
          delete one.target;
          described = undefined;
          change();
          home();
        })),
        described && make("div", { class: "pair" }, ui.button(words.wider, "", () => again(parentOf(described!.element))), ui.button(words.narrower, "", () => again(childOf(described!.element)))),
        described && showFound(described, words)),
      !!one.target && ui.choice(words.placement, one.placement ?? "auto", SIDES.map((side) => [side, words.sides[side]]), (side) => {
        one.placement = side as Step["placement"];
        change();
      }),
      ...held!.problems.map((text) => make("p", { class: "soft" }, text)),
      make("div", { class: "foot" }, make("small", { class: "state", role: "status" }, state), all.length > 1 && ui.button(words.removeStep, "", remove), ui.button(words.play, "primary", play)),
    );
  };

  /** The author walks through the product; each click becomes a step that waits for that very click. */
  const record = () => {
    isRecording = true;
    win.sessionStorage.setItem(REC, "1");
    lights.follow(() => []);
    desk.hide(words.recording, words.stopRecord, () => {
      isRecording = false;
      win.sessionStorage.removeItem(REC);
      home();
    });
  };
  shell.scope.listen(
    win,
    "click",
    (event) => {
      const el = event.composedPath()[0];
      if (!isRecording || shell.isOurs(event) || !(el instanceof Element)) return;
      const seen = describe(el, doc);
      if (!seen.target) return;
      const name = nameOf(seen.element);
      add({ ...newStep(seen.target, words.clickOn(name.length <= 80 ? name : seen.element.localName)), advance: [{ on: "click" }] }, true);
      // The click may lead away: what was recorded is on its way before it does.
      void save();
    },
    true,
  );

  desk.onRoute(() => {
    if (held && !player && !isRecording && !shell.root.querySelector(".glass")) home();
  });
  void read();
}
