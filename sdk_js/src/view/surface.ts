/** Our one element in the page: an open shadow root in the top layer, styled by a constructed sheet (CSP-proof). */
import css from "./style.css";
import type { Stage } from "../stage";
import { fill, make, type Child } from "./dom";

export interface Surface {
  /** Our one node among the page's. */
  ours: HTMLElement;
  layer: HTMLElement;
  /** Puts these over the page, or into the host's open dialog that holds the target, in place of what was there. */
  lay(target: Element | undefined, ...nodes: Child[]): void;
  /** Reads the card aloud, once. */
  say(card: Element): void;
}

export function openSurface(stage: Stage): Surface {
  const { win, guide, look, locale } = stage;
  const doc = win.document;
  const host = make("milepost-guide" as "div", {});
  const live = make("div", { class: "say", role: "status" });
  const layer = make("div", { class: look.dark ? "mp dark" : "mp", lang: guide.lang || locale, dir: guide.dir || "ltr" }, live);
  Object.entries(look.values).forEach(([name, value]) => {
    layer.style.setProperty("--" + name, value);
  });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  root.append(layer);
  return {
    ours: host,
    layer,
    lay(target, ...nodes) {
      [...layer.children].forEach((old) => old !== live && old.remove());
      fill(layer, nodes);
      const home = target?.closest("dialog[open],[popover]") ?? doc.documentElement;
      if (host.parentNode !== home) home.append(host);
      if (!host.showPopover) return;
      host.popover = "manual";
      if (host.matches(":popover-open")) host.hidePopover();
      host.showPopover();
    },
    say(card) {
      live.textContent = [...card.querySelectorAll("small,h2,p,li")].map((el) => el.textContent!.replace(/[^.。!?！？…]$/, "$&.")).join(" ");
    },
  };
}
