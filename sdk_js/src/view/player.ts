/** Walks one run through its steps: waits for targets, draws, follows, advances, and leaves nothing behind. */
import type { Scope } from "../core/scope";
import type { Player, Stage } from "../stage";
import type { Action, Step } from "../wire";
import { buildCard, plain } from "./card";
import { draw, make, safeUrl } from "./dom";
import { follow } from "./follow";
import { place } from "./place";
import { openSurface, type Surface } from "./surface";
import { wordsFor } from "./words";

const ARROW = "M0 10V9.5C4 9.5 5.6 8.2 7.2 6.3L9.5 3.4C10.3 2.4 11.7 2.4 12.5 3.4L14.8 6.3C16.4 8.2 18 9.5 22 9.5V10H18V11.5H4V10Z";
const EDGE = "M0 9.5C4 9.5 5.6 8.2 7.2 6.3L9.5 3.4C10.3 2.4 11.7 2.4 12.5 3.4L14.8 6.3C16.4 8.2 18 9.5 22 9.5";
const WAIT_MS = 6000;
const PILL_AFTER_MS = 400;
const RING = 6;
const GAP = 10;

export function play(stage: Stage): Player {
  const { win, guide, report, fits } = stage;
  const { steps } = guide;
  const doc = win.document;
  const words = wordsFor(guide.lang || stage.locale);
  const rtl = guide.dir === "rtl";
  const gone = new Set<number>();
  let surface: Surface | undefined;
  let shown = stage.resumed;
  let index = 0;
  let travel = 1;
  let turn = 0;
  let over = false;
  let inside = false;
  let back_to: HTMLElement | null = null;
  let now: Scope = stage.openScope();
  let recheck = () => {};

  const isModal = (step: Step) => (step.kind ?? guide.kind) === "modal";

  const leave = () => {
    over = true;
    turn++;
    now.end();
    const had = surface?.host.matches(":focus-within");
    surface?.remove();
    if (had) back_to?.focus?.({ preventScroll: true });
  };

  const end = (what: "finished" | "dismissed" | "missing", reason?: string, next?: string) => {
    if (over) return;
    leave();
    stage.over(what, steps[index]?.id, reason, next);
  };

  const dismiss = async (reason: string, next?: string) => {
    if (await stage.ask("beforeClose", { step: steps[index]?.id, reason })) end("dismissed", reason, next);
  };

  const miss = (at: number, reason: string) => {
    if (!gone.has(at)) report("missing", steps[at]!.id, reason);
    gone.add(at);
  };

  /** Later steps that cannot come: skippable, of this page, and not there. */
  const restIsGone = () =>
    steps.slice(index + 1).every((step) => step.target && step.missing === "skip" && !isModal(step) && fits(step.pages) && !stage.locate(step.target, doc).el);

  const next = () => {
    if (index + 1 < steps.length && !(shown && restIsGone())) return go(index + 1, 1);
    for (let at = index + 1; at < steps.length; at++) miss(at, "missing");
    if (shown) end("finished");
    else end("missing", "missing");
  };

  const back = () => {
    if (index) go(index - 1, -1);
  };

  const act = (actions: Action[]) => {
    for (const action of actions) {
      const last = actions[actions.length - 1] === action;
      if (action.do === "next") next();
      else if (action.do === "back") back();
      else if (action.do === "finish") end("finished");
      else if (action.do === "close") void dismiss("closed");
      else if (action.do === "go_to") go(steps.findIndex((step) => step.id === action.step), 1);
      else if (action.do === "start") end("finished", undefined, action.guide);
      else if (action.do === "open") {
        const href = safeUrl(action.url);
        if (!href) continue;
        if (!last) setTimeout(() => win.location.assign(href));
        else if (new URL(href).origin === win.location.origin) win.location.assign(href);
        else win.open(href, "_blank", "noopener");
      } else void dismiss(action.do);
    }
  };

  const go = (to: number, direction: number) => {
    if (over) return;
    const mine = ++turn;
    index = steps[to] ? to : 0;
    travel = direction;
    inside = !!surface?.host.matches(":focus-within");
    stage.keep(steps[index]!.id);
    now.end();
    now = stage.openScope();
    // After the page has had its own turn with the event that brought us here.
    now.after(0, async () => {
      if ((await stage.ask("beforeStep", { step: steps[index]!.id })) && mine === turn) settle();
    });
  };

  const skip = (reason: string) => {
    const { missing = "skip" } = steps[index]!;
    if (missing === "wait") return;
    miss(index, reason);
    if (missing === "centre") paint(null, true);
    else if (missing === "end") end("missing", reason);
    else if (travel < 0 && index) go(index - 1, -1);
    else if (travel < 0) go(1, 1);
    else next();
  };

  /** Waits, in words when somebody is already on the way. */
  const wait = (timed: boolean, reason = "missing") => {
    const step = steps[index]!;
    if (timed) now.after(step.wait_ms ?? WAIT_MS, () => skip(current ?? reason));
    if (shown) now.after(PILL_AFTER_MS, () => clear(pill()));
  };
  let current: string | undefined;

  const clear = (...fresh: (Node | null | undefined | false)[]) => {
    surface ??= openSurface(stage);
    [...surface.layer.children].slice(1).forEach((old) => old.remove());
    surface.layer.append(...fresh.filter((one): one is Node => !!one));
    surface.raise(anchor);
  };

  const pill = () => {
    const button = (text: string, run: () => void, cross?: string) => {
      const made = make("button", { type: "button", class: cross ? "x" : "", ...(cross && { "aria-label": text }) }, cross ? draw("", "0 0 16 16", cross) : text);
      made.onclick = run;
      return made;
    };
    return make(
      "div",
      { class: "card pill", role: "group", "aria-label": words.waiting },
      make("div", {}, make("b", {}, words.waiting + "…"), make("span", { class: "meta" }, words.count(index + 1, steps.length))),
      button(words.skip, next),
      button(words.close, () => void dismiss("closed"), "M3 3l10 10M13 3L3 13"),
    );
  };

  let anchor: Element | null = null;

  const settle = () => {
    const step = steps[index]!;
    anchor = null;
    current = undefined;
    recheck = settle_again;
    const scope = now;
    if (!fits(step.pages)) {
      clear();
      return wait(false);
    }
    if (isModal(step) || !step.target) return paint(null);
    const found = stage.locate(step.target, doc);
    if (found.el) paint(found.el);
    else {
      current = found.why;
      if (surface) clear();
      wait(true);
    }
    watch(scope, step);
  };
  const settle_again = () => {
    now.end();
    now = stage.openScope();
    settle();
  };

  /** Looks again whenever the page changes; at once when the target has left it. */
  const watch = (scope: Scope, step: Step) => {
    let soon: unknown;
    const look = () => {
      const found = stage.locate(step.target!, doc);
      current = found.why;
      if ((found.el ?? null) !== anchor) settle_again();
    };
    const watcher = new MutationObserver(() => {
      if (anchor && !anchor.isConnected) return look();
      soon ??= scope.after(50, () => {
        soon = undefined;
        look();
      });
    });
    watcher.observe(doc, { childList: true, subtree: true, attributes: true, characterData: true });
    for (let root = anchor?.getRootNode(); root && root !== doc; root = (root as ShadowRoot).host?.getRootNode())
      watcher.observe(root, { childList: true, subtree: true, attributes: true, characterData: true });
    scope.add(() => watcher.disconnect());
  };

  const paint = (target: Element | null, in_words = false) => {
    const step = steps[index]!;
    const modal = isModal(step);
    const last = index === steps.length - 1 || restIsGone();
    const focused = doc.activeElement as HTMLElement | null;
    if (focused !== surface?.host) back_to = focused;
    anchor = target;
    const card = buildCard({ step, index, total: steps.length, last, modal, in_words, menu: !stage.free, words, act });
    const backdrop = modal || !target ? "none" : (step.backdrop ?? "spotlight");
    const cover = backdrop !== "none" && make("div", { class: "cover" });
    const ring = backdrop === "spotlight" && make("div", { class: step.interaction === "block" ? "ring hold" : "ring" });
    const overlay = () => {
      if (step.overlay_click === "next") next();
      else if (step.overlay_click === "close") void dismiss("closed");
    };
    if (cover) cover.onclick = overlay;
    if (target) reveal(target);
    clear(cover, ring, card);
    if (modal) {
      const dialog = card as HTMLDialogElement;
      dialog.showModal();
      now.listen(dialog, "cancel", (event) => {
        event.preventDefault();
        if (step.escape !== false) void dismiss("closed");
      });
      dialog.oncancel = (event) => event.preventDefault();
      dialog.onclick = ({ target: on, clientX, clientY }) => {
        const { left, right, top, bottom } = dialog.getBoundingClientRect();
        if (on === dialog && (clientX < left || clientX > right || clientY < top || clientY > bottom)) overlay();
      };
    } else if (inside) card.focus({ preventScroll: true });
    if (target) {
      const arrow = draw("arrow", "0 0 22 10", ARROW, EDGE);
      card.append(arrow);
      follow(win, target, card, now, () => lay(target, card, arrow, cover, ring, step));
    } else if (!modal) follow(win, card, card, now, () => centre(card));
    listen(step, target);
    tell(step, modal);
  };

  const tell = (step: Step, modal: boolean) => {
    const first = !shown;
    shown = true;
    if (first) report("shown", step.id);
    report("step", step.id);
    const text = step.blocks.map((block) => ("text" in block && block.type !== "button" ? plain(block.text) : "")).filter(Boolean);
    if (!modal) now.after(100, () => surface!.say([words.count(index + 1, steps.length), ...text].join(". ")));
  };

  /** Into view only when it is not wholly in it, or something of the page lies over it. */
  const reveal = (target: Element) => {
    const { left, right, top, bottom, height } = target.getBoundingClientRect();
    const huge = height > win.innerHeight * 0.8;
    const over_it = (target.getRootNode() as Document)
      .elementsFromPoint((left + right) / 2, (top + bottom) / 2)
      .filter((el) => el !== surface?.host)[0];
    const outside = left < 0 || right > win.innerWidth || (huge ? top > win.innerHeight * 0.7 || bottom < 0 : top < 0 || bottom > win.innerHeight);
    if (outside || (over_it && !huge && !target.contains(over_it) && !over_it.contains(target)))
      target.scrollIntoView({ block: huge ? "start" : "center", inline: "nearest", behavior: "instant" as ScrollBehavior });
  };

  const rectOf = (target: Element) => {
    let { left: x, top: y, width, height } = target.getBoundingClientRect();
    // Inside a frame of our own origin: add where the frame stands.
    for (let view = target.ownerDocument.defaultView; view && view !== win && view.frameElement; view = view.parent as typeof view) {
      const frame = view.frameElement;
      const at = frame.getBoundingClientRect();
      x += at.left + frame.clientLeft;
      y += at.top + frame.clientTop;
    }
    const { k, x: x0, y: y0 } = surface!.measure();
    return { x: (x - x0) * k, y: (y - y0) * k, width: width * k, height: height * k };
  };

  const view = () => {
    const { k } = surface!.measure();
    return { x: 0, y: 0, width: doc.documentElement.clientWidth * k, height: win.innerHeight * k };
  };

  const put = (node: HTMLElement | SVGElement, styles: Record<string, string>) =>
    Object.keys(styles).forEach((name) => node.style.setProperty(name, styles[name]!));
  const px = (value: number) => Math.round(value * 10) / 10 + "px";

  const centre = (card: HTMLElement) => {
    const { width, height } = view();
    put(card, { left: px((width - card.offsetWidth) / 2), top: px((height - card.offsetHeight) / 2) });
  };

  const lay = (target: Element, card: HTMLElement, arrow: SVGElement, cover: HTMLElement | false, ring: HTMLElement | false, step: Step) => {
    const box = rectOf(target);
    const area = view();
    const spot = ring ? { x: box.x - RING, y: box.y - RING, width: box.width + 2 * RING, height: box.height + 2 * RING } : box;
    const radius = parseFloat(getComputedStyle(card).borderTopLeftRadius) || 0;
    const phone = area.width <= 480;
    const at = place(spot, { width: card.offsetWidth, height: card.offsetHeight }, area, step.placement ?? "auto", rtl, GAP, phone ? 8 : 12, radius + 8);
    put(card, { left: px(at.x), top: px(at.y) });
    const [dx, dy, turn_by] =
      at.side === "bottom" ? [at.arrow - 11, -10, 0] : at.side === "top" ? [at.arrow - 11, card.offsetHeight - 2, 180] : at.side === "right" ? [-16, at.arrow - 5, 270] : [card.offsetWidth - 8, at.arrow - 5, 90];
    put(arrow, { left: px(dx), top: px(dy), rotate: turn_by + "deg", display: at.side ? "block" : "none" });
    const r = (parseFloat(getComputedStyle(target).borderTopLeftRadius) || 0) && (parseFloat(getComputedStyle(target).borderTopLeftRadius) + RING);
    const round = Math.min(r, spot.width / 2, spot.height / 2);
    if (ring) put(ring, { left: px(spot.x), top: px(spot.y), width: px(spot.width), height: px(spot.height), "border-radius": px(round) });
    if (cover) {
      const { x, y, width: w, height: h } = spot;
      const corner = (sx: number, sy: number) => `a${round} ${round} 0 0 1 ${sx * round} ${sy * round}`;
      const hole = ring ? `M${x + round} ${y}h${w - 2 * round}${corner(1, 1)}v${h - 2 * round}${corner(-1, 1)}h${2 * round - w}${corner(-1, -1)}v${2 * round - h}${corner(1, -1)}z` : "";
      put(cover, { "clip-path": `path(evenodd,"M0 0H${area.width}V${area.height}H0Z${hole}")` });
    }
  };

  /** What moves the guide on: the page's own events, and keys. */
  const listen = (step: Step, target: Element | null) => {
    for (const { on, value, target: other } of step.advance ?? []) {
      const isIt = (event: Event) => {
        const it = other ? stage.locate(other, doc).el : target;
        return !!it && event.composedPath().includes(it);
      };
      if (on === "click") now.listen(win, "click", (event) => isIt(event) && next(), true);
      if (on === "input") now.listen(win, "change input", (event) => isIt(event) && (!value || (event.composedPath()[0] as HTMLInputElement).value === value) && next(), true);
    }
    now.listen(win, "keydown", (event) => {
      const { key, defaultPrevented, altKey, ctrlKey, metaKey, shiftKey } = event as KeyboardEvent;
      if (defaultPrevented || altKey || ctrlKey || metaKey || shiftKey) return;
      const active = doc.activeElement;
      const ours = active === surface?.host;
      if (key === "F6" && !ours) (surface?.layer.querySelector(".card") as HTMLElement | null)?.focus();
      else if (key === "F6") back_to?.focus();
      else if (key === "Escape" && step.escape !== false && !isModal(step)) void dismiss("closed");
      else if (step.arrows !== false && (ours || active === doc.body)) {
        if (key === (rtl ? "ArrowLeft" : "ArrowRight") && !step.advance?.length) next();
        if (key === (rtl ? "ArrowRight" : "ArrowLeft")) back();
      }
    });
  };

  const start = typeof stage.from === "number" ? stage.from : steps.findIndex((step) => step.id === stage.from);
  go(start, 1);

  return {
    onRoute() {
      const { advance, pages } = steps[index]!;
      if (advance?.some(({ on, path }) => on === "url" && fits(path ? [path] : null))) next();
      else if (pages || !anchor?.isConnected) recheck();
    },
    onTrack(name) {
      if (steps[index]!.advance?.some(({ on, event }) => on === "event" && event === name)) next();
    },
    stop: leave,
    close: () => end("dismissed", "closed"),
  };
}
