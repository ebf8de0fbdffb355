/** Our one element in the page: an open shadow root in the top layer, styled by a constructed sheet (CSP-proof). */
import css from "./style.css";
import type { Stage } from "../stage";
import { make } from "./dom";

export interface Surface {
  host: HTMLElement;
  layer: HTMLElement;
  /** Puts us over the page, or into the host's open dialog that holds the target. */
  raise(target?: Element | null): void;
  /** px of our layer per px of the page (CSS zoom), and where our layer's corner lies. */
  measure(): { k: number; x: number; y: number };
  say(text: string): void;
  remove(): void;
}

const PROPERTY = /^[a-z][a-z-]{1,20}$/;

const isDark = ({ win, theme }: Stage): boolean => {
  if (theme?.mode === "light" || theme?.mode === "dark") return theme.mode === "dark";
  const scheme = getComputedStyle(win.document.documentElement).colorScheme;
  return /dark/.test(scheme) && (!/light/.test(scheme) || win.matchMedia("(prefers-color-scheme:dark)").matches);
};

export function openSurface(stage: Stage): Surface {
  const { win, guide, theme } = stage;
  const doc = win.document;
  const host = make("milepost-guide" as "div", {});
  const dark = isDark(stage);
  const live = make("div", { class: "say", role: "status" });
  const layer = make("div", { class: dark ? "mp dark" : "mp", lang: guide.lang || stage.locale, dir: guide.dir || "ltr" }, live);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css + ".mp{}");
  const own = (sheet.cssRules[sheet.cssRules.length - 1] as CSSStyleRule).style;
  const wished = { ...theme?.light, ...(dark && theme?.dark) };
  Object.keys(wished).forEach((name) => {
    const value = wished[name] === "host" ? getComputedStyle(doc.body).fontFamily : String(wished[name]);
    if (PROPERTY.test(name) && !/url|[;{}]/i.test(value)) own.setProperty("--mp-" + name, value);
  });
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.append(layer);
  return {
    host,
    layer,
    raise(target) {
      const home = target?.closest("dialog[open]") ?? doc.documentElement;
      if (host.parentNode !== home) home.append(host);
      if (!host.showPopover) return;
      host.popover = "manual";
      if (host.matches(":popover-open")) host.hidePopover();
      host.showPopover();
    },
    measure() {
      const { left, top, width } = host.getBoundingClientRect();
      return { k: host.offsetWidth / width || 1, x: left, y: top };
    },
    say(text) {
      live.textContent = text;
    },
    remove: () => host.remove(),
  };
}
