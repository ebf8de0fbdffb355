/** Walks one run through its steps: waits for targets, draws, advances, and leaves nothing behind. */
import type { Scope } from "../core/scope";
import type { Player, Stage } from "../stage";
import type { Action, Advance, Block, Step } from "../wire";
import { buildCard, type CardNeeds } from "./card";
import { make, safeUrl, type Child } from "./dom";
import { reveal, stand } from "./stand";
import { openSurface, type Surface } from "./surface";
import { EN, type Words } from "./words";

const WAIT_MS = 6000;
const PILL_AFTER_MS = 400;
const SKIP = "skip";

export function play(stage: Stage): Player {
  const { win, guide, report, fits, ask, locate } = stage;
  const { steps, dir } = guide;
  const doc = win.document;
  const words = (stage.words as Words | undefined) ?? EN;
  const gone = new Set<Step>();
  let surface: Surface | undefined;
  let shown = stage.resumed;
  let index = 0;
  let step: Step = steps[0]!;
  let travel = 1;
  /** Raised by each way to another step; below 0 the run is over. */
  let turn = 0;
  /** This step was told to the server and said aloud. */
  let told = false;
  /** The card says that there is more to come. */
  let promised = false;
  /** The step began on this very page: who pressed "next" is on the way. */
  let fresh = false;
  let inside = false;
  let back_to: HTMLElement | null = null;
  const life = stage.openScope();
  /** What this look of this step has attached. */
  let now: Scope = life;
  let anchor: Element | undefined;
  let why: string | undefined;

  const isModal = (one: Step) => one.kind === "modal" || guide.kind === "modal";

  const hasFocus = () => !!surface && doc.activeElement === surface.ours;

  const leave = () => {
    turn = -1;
    now.end();
    life.end();
    const had = hasFocus() || isModal(step);
    surface?.ours.remove();
    if (had) back_to?.focus({ preventScroll: true });
  };

  const end = (what: "finished" | "dismissed" | "missing", reason?: string, next?: string) => {
    if (turn < 0) return;
    leave();
    stage.over(what, step.id, reason, next);
  };

  const dismiss = (reason: string) =>
    life.after(0, async () => {
      if (await ask("beforeClose", { step: step.id, reason })) end("dismissed", reason);
      else settle();
    });

  const miss = (one: Step, reason: string) => {
    if (!gone.has(one)) report("missing", one.id, reason);
    gone.add(one);
  };

  /** Later steps that cannot come: skippable, of this page, and not there. */
  const isLast = () =>
    steps.slice(index + 1).every((one) => one.target && (one.missing ?? SKIP) === SKIP && !isModal(one) && fits(one.pages) && !locate(one.target, doc).el);

  const next = () => {
    const rest = steps.slice(index + 1);
    if (rest[0] && !(shown && isLast())) return go(index + 1);
    if (promised) {
      // What was there is gone: the card stays and says "done", until it comes after all.
      settle();
      return stage.watch(doc, now, () => isLast() || next());
    }
    rest.forEach((one) => miss(one, "missing"));
    if (shown) end("finished");
    else end("missing", "missing");
  };

  /** The page moved on by itself: what comes may need a moment to be there. */
  const advance = () => (steps[index + 1] ? go(index + 1) : next());

  const back = () => {
    if (index) go(index - 1, -1);
  };

  const act = ({ do: what, step: to, guide: other, url }: Action) => {
    if (what === "next") next();
    else if (what === "back") back();
    else if (what === "go_to") go(steps.findIndex((one) => one.id === to));
    else if (what === "finish" || what === "start") end("finished", undefined, other);
    else if (what === "open") {
      const href = safeUrl(url);
      if (href) stage.visit(href);
    } else dismiss(what === "close" ? "closed" : what);
  };

  const go = (to: number, direction = 1) => {
    if (turn < 0) return;
    const mine = ++turn;
    const wish = steps[to] ?? steps[0]!;
    // At once, since the click that brought us here may lead to another page.
    stage.keep(wish.id);
    life.after(0, async () => {
      const yes = await ask("beforeStep", { step: wish.id });
      if (mine !== turn) return;
      if (!yes) return shown ? stage.keep(step.id) : end("missing", "stopped");
      step = wish;
      index = steps.indexOf(step);
      travel = direction;
      told = false;
      fresh = mine > 1;
      settle();
    });
  };

  const skip = () => {
    const { missing = SKIP } = step;
    const reason = why ?? "missing";
    if (missing === "wait") return;
    miss(step, reason);
    if (missing === "centre") paint(true);
    else if (missing === "end") end("missing", reason);
    else if (travel > 0) next();
    else if (index) back();
    else go(1);
  };

  const show = (...nodes: Child[]) => {
    if (!surface) {
      surface = openSurface(stage);
      life.listen(surface.ours, "focusin", (event) => {
        back_to = ((event as FocusEvent).relatedTarget as HTMLElement | null) ?? back_to;
      });
    }
    inside ||= hasFocus();
    surface.lay(anchor, ...nodes);
  };

  const card = (blocks: Block[], looks: CardNeeds["looks"], modal?: boolean, forward?: string | false, note?: string | false, done?: CardNeeds["done"]) =>
    buildCard({
      index,
      total: steps.length,
      blocks,
      looks,
      modal,
      forward,
      note,
      done,
      menu: !stage.free,
      words,
      onPress: (node, actions) => void now.listen(node, "click", () => actions.forEach(act)),
    });

  /** Says that it waits, unless the step stands there in words by now; on another page one may only go back. */
  const pill = () => {
    if (surface?.layer.children[1]) return;
    show(card([{ type: "heading", text: words[11] }], "pill", false, fits(step.pages) && words[5]));
    listen();
  };

  /** Shows the step as the page is now; waits for what is not there yet. */
  const settle = () => {
    if (turn < 0) return;
    now.end();
    now = stage.openScope();
    anchor = why = undefined;
    promised = false;
    const here = fits(step.pages);
    if (here) {
      if (isModal(step) || !step.target) return paint();
      ({ el: anchor, why } = locate(step.target, doc));
      stage.watch(doc, now, look, () => anchor && !anchor.isConnected);
      if (anchor) return paint();
    } else if (!fresh) return surface?.ours.remove();
    if (surface) show();
    if (shown) now.after(PILL_AFTER_MS, pill);
    now.after(step.wait_ms ?? WAIT_MS, here ? skip : rest);
  };

  /** The person went elsewhere: a step of another page waits there without a word. */
  const rest = () => {
    fresh = false;
    settle();
  };

  const look = () => {
    const found = locate(step.target!, doc);
    why = found.why;
    if (found.el !== anchor) settle();
  };

  const paint = (in_words?: boolean) => {
    const modal = isModal(step);
    const target = anchor;
    promised = !isLast();
    const forward = (!step.advance?.[0] || in_words) && words[promised ? 1 : steps[1] ? 3 : 4];
    const drawn = card(step.blocks, target ? "tip" : "wide", modal, forward, in_words && words[12], !promised && steps[index + 1] && words[3]);
    const backdrop = modal ? "dim" : target && step.backdrop !== "none" && step.backdrop;
    const cover = !!backdrop && make("div", { class: "cover " + backdrop });
    const ring = backdrop === "spotlight" && make("div", { class: "ring " + step.interaction });
    if (target) reveal(win, target, surface?.ours);
    show(cover, ring, drawn);
    [cover, modal && drawn].forEach(
      (one) =>
        one &&
        now.listen(one, "click", (event) => {
          if (event.target !== one) return;
          if (step.overlay_click === "next") next();
          if (step.overlay_click === "close") dismiss("closed");
        }),
    );
    if (modal) {
      (drawn as HTMLDialogElement).showModal();
      now.listen(drawn, "close", () => dismiss("closed"));
    }
    if (modal || inside) drawn.focus({ preventScroll: true });
    inside = false;
    if (target) stand(win, now, surface!.layer, target, drawn, cover, ring, step.placement ?? "auto", dir === "rtl");
    listen(target);
    if (told) return;
    told = true;
    if (!shown) report("shown", step.id);
    shown = true;
    report("step", step.id);
    if (!modal) now.after(100, () => surface!.say(drawn));
  };

  /** What moves the guide on: the page's own events, and keys. */
  const listen = (target?: Element) => {
    step.advance?.forEach(({ on, value, target: other }) => {
      if (on !== "click" && on !== "input") return;
      now.listen(
        win,
        on === "click" ? on : value ? "input change" : "change",
        (event) => {
          const way = event.composedPath();
          const it = other ? locate(other, doc).el : target;
          if (it && way.includes(it) && (!value || (way[0] as HTMLInputElement).value === value)) advance();
        },
        true,
      );
    });
    now.listen(win, "keydown", (event) => {
      const { key, defaultPrevented, altKey, ctrlKey, metaKey } = event as KeyboardEvent;
      if (defaultPrevented || altKey || ctrlKey || metaKey) return;
      const ours = hasFocus();
      if (key === "F6") (ours ? back_to : surface!.layer.querySelector<HTMLElement>(".card"))?.focus();
      if (key === "Escape") {
        // A modal must not close by itself.
        if (isModal(step)) event.preventDefault();
        if (step.escape !== false) dismiss("closed");
      }
      if (step.arrows === false || !(ours || doc.activeElement === doc.body)) return;
      if (key === (dir === "rtl" ? "ArrowLeft" : "ArrowRight") && !step.advance?.[0]) next();
      if (key === (dir === "rtl" ? "ArrowRight" : "ArrowLeft")) back();
    });
  };

  go(typeof stage.from === "number" ? stage.from : steps.findIndex((one) => one.id === stage.from));

  const advanceIf = (met: (one: Advance) => unknown) => {
    const yes = step.advance?.some(met);
    if (yes) advance();
    return yes;
  };

  return {
    onRoute() {
      if (!advanceIf(({ on, path }) => on === "url" && fits([path!])) && (step.pages || !anchor?.isConnected)) rest();
    },
    onTrack: (name) => void advanceIf(({ on, event }) => on === "event" && event === name),
    move: (to) => go(steps.findIndex(({ id }) => id === to)),
    stop: leave,
    close: () => end("dismissed", "closed"),
  };
}
