/**
 * The builder's one node in the page. What happens inside it never reaches the page: one capturing listener on the
 * window, older than the SDK's own, hears it, runs our handler and stops it there.
 */
import { attempt, openScope, type Scope } from "../core/scope";
import { fill, make, type Child } from "../view/dom";
import css from "./style.css";

type Handler = (event: Event) => unknown;

export interface Shell {
  doc: Document;
  scope: Scope;
  /** Where our things stand: lights below, the bar and the panel above. */
  lights: HTMLElement;
  panel: HTMLElement;
  bar: HTMLElement;
  root: ShadowRoot;
  isOurs(event: Event): boolean;
  /** Hears an event of one of our own nodes. */
  on<T extends Element>(node: T, types: string, run: Handler): T;
  /** Reads it aloud. */
  tell(text: string): void;
  /** Above everything, and inside the page's own modal dialog while one is open. */
  rise(anew?: boolean): void;
  close(): void;
}

const HEARD =
  "click dblclick auxclick contextmenu pointerdown pointerup pointermove pointerover mousedown mouseup mousemove mouseover touchstart touchend " +
  "keydown keyup keypress beforeinput input change paste copy cut focusin focusout submit wheel";

export function openShell(win: Window): Shell {
  const doc = win.document;
  const scope = openScope();
  const host = make("milepost-builder" as "div", {});
  const lights = make("div", { class: "lights", "aria-hidden": "true" });
  const panel = make("div", { class: "slot" });
  const bar = make("div", { class: "slot" });
  const live = make("div", { class: "vh", role: "status" });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  const handlers = new WeakMap<EventTarget, Record<string, Handler[]>>();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  root.append(lights, panel, bar, live);

  const isOurs = (event: Event) => event.composedPath().includes(host);
  scope.listen(
    win,
    HEARD,
    (event) => {
      if (!isOurs(event)) return;
      event.stopImmediatePropagation();
      for (const node of event.composedPath()) {
        if (node === host) return;
        handlers.get(node)?.[event.type]?.forEach((run) => attempt(() => run(event)));
      }
    },
    true,
  );

  const rise = (anew?: boolean) => {
    const home = [...doc.querySelectorAll("dialog[open]")].filter((one) => attempt(() => one.matches(":modal"))).pop() ?? doc.documentElement;
    const isHome = host.parentNode === home;
    if (isHome && !anew) return;
    const focused = root.activeElement as HTMLElement | null;
    if (!isHome) home.append(host);
    if (!host.showPopover) return;
    host.popover = "manual";
    if (host.matches(":popover-open")) host.hidePopover();
    host.showPopover();
    focused?.focus({ preventScroll: true });
  };
  rise();
  // What enters the top layer after us, a guide that is played, must not cover the bar.
  scope.listen(doc, "toggle", (event) => event.target !== host && (event as ToggleEvent).newState === "open" && rise(true), true);

  return {
    doc,
    scope,
    lights,
    panel,
    bar,
    root,
    isOurs,
    rise,
    on(node, types, run) {
      const mine = handlers.get(node) ?? {};
      types.split(" ").forEach((type) => (mine[type] = [...(mine[type] ?? []), run]));
      handlers.set(node, mine);
      return node;
    },
    tell(text) {
      live.textContent = text;
    },
    close() {
      scope.end();
      host.remove();
    },
  };
}

/** Puts these in place of what was there. */
export const lay = (place: Element, ...nodes: Child[]): void => {
  place.textContent = "";
  fill(place, nodes);
};
