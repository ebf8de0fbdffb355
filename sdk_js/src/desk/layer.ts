/** Where standing guides are drawn: one element of ours over the page for all of them, and one in its flow for a banner. */
import type { Scope } from "../core/scope";
import type { Kit } from "../stage";
import type { Guide } from "../wire";
import type { Look } from "./theme";

let is_hushed = false;

/** While a survey is up, what stands over the page makes way for it; a banner stays. */
export function hush({ document: doc }: Window, on: boolean): void {
  is_hushed = on;
  doc.querySelector("milepost-standing")?.shadowRoot!.querySelectorAll<HTMLElement>(".mp").forEach((one) => (one.hidden = on));
}

/** `home` puts it into the flow of the page; without it, it lies over the page. */
export function openLayer(kit: Kit, win: Window, look: Look, guide: Guide, locale: string, scope: Scope, css: string, home?: (host: Element) => void): HTMLElement {
  const { make } = kit;
  const doc = win.document;
  const tag = home ? "milepost-banner" : "milepost-standing";
  const old = home ? null : doc.querySelector<HTMLElement>(tag);
  const host = old ?? make(tag as "div", {});
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const sheets = [kit.css, css].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  root.adoptedStyleSheets = [...(old ? root.adoptedStyleSheets : [sheets[0]!]), sheets[1]!];
  const layer = make("div", { class: `mp ${guide.kind}${look.dark ? " dark" : ""}`, lang: guide.lang || locale, dir: guide.dir || "ltr" });
  Object.entries(look.values).forEach(([name, value]) => {
    layer.style.setProperty("--" + name, value);
  });
  layer.hidden = is_hushed && !home;
  root.append(layer);
  if (home) home(host);
  else if (!old) {
    doc.documentElement.append(host);
    if (host.showPopover) {
      host.popover = "manual";
      host.showPopover();
    }
  }
  scope.add(() => {
    layer.remove();
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((one) => one !== sheets[1]);
    if (!root.querySelector(".mp")) host.remove();
  });
  return layer;
}
