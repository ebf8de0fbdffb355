/** The middle of the editor: the guide as people will see it, in a frame of its own, drawn by the real renderer. */
import type { Bench } from "./bench";
import { defaultLocale, resolved } from "../draft/document";
import { el, fill, icon } from "./dom";
import { languageName } from "./fields";
import { say } from "./words";

export interface Stage {
  bar: HTMLElement;
  view: HTMLElement;
  draw(): void;
  play(): void;
  isPlaying(): boolean;
}

const TYPED_MS = 120;

export function openStage(bench: Bench, onPlaying: () => void, chooseLocale: (locale: string) => void): Stage {
  const frame = el("iframe", { class: "preview", title: say("Preview"), src: bench.state.urls.preview });
  const address = el("span", {});
  const host = el("div", { class: "host" }, el("div", { class: "host-bar", "aria-hidden": "true" }, el("i"), el("i"), el("i"), address), frame);
  const view = el("div", { class: "stage-view" }, host);
  const bar = el("div", { class: "row" });
  const place = el("span", { class: "muted push" });
  let ready = false;
  let phone = false;
  let dark = bench.state.dark || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  let playing = false;
  let timer = 0;

  const send = () => {
    if (!ready) return;
    const guide = bench.guide();
    const step = guide.steps[playing ? 0 : bench.step()];
    frame.contentWindow!.postMessage(
      { what: "show", guide: resolved(guide, bench.locale()), from: step?.id, theme: bench.state.themes[guide.theme ?? "default"], dark, locale: bench.locale(), playing },
      location.origin,
    );
  };

  const stop = () => {
    if (!playing) return;
    playing = false;
    onPlaying();
    send();
  };

  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== location.origin || source !== frame.contentWindow) return;
    if (data.what === "ready") {
      ready = true;
      send();
    }
    const index = bench.guide().steps.findIndex((step) => step.id === data.step);
    if (data.what === "at" && index >= 0 && index !== bench.step()) bench.selectStep(index);
    if (data.what === "visit") bench.announce(say("Here people would go to %(where)s.", { where: data.href }));
    if (data.what === "over") {
      bench.announce(data.how === "finished" ? say("The guide ends here: finished.") : say("The guide ends here: closed."));
      if (playing) stop();
      else send();
    }
  });

  const button = (label: string, pressed: boolean, press: () => void, lang?: string) => el("button", { type: "button", "aria-pressed": `${pressed}`, onclick: press, lang }, label);
  const segment = (label: string, ...buttons: HTMLElement[]) => el("div", { class: "segment", role: "group", "aria-label": label }, ...buttons);

  const draw = () => {
    const guide = bench.guide();
    const set = (change: () => void) => () => {
      change();
      draw();
    };
    fill(
      bar,
      segment(say("Screen"), button(say("Desktop"), !phone, set(() => (phone = false))), button(say("Phone"), phone, set(() => (phone = true)))),
      segment(say("Theme"), button(say("Light"), !dark, set(() => (dark = false))), button(say("Dark"), dark, set(() => (dark = true)))),
      bench.locales().length > 1 && segment(say("Language"), ...bench.locales().map((locale) => button(languageName(locale), locale === bench.locale(), () => chooseLocale(locale), locale))),
      place,
    );
    host.classList.toggle("phone", phone);
    place.textContent = say("Step %(n)s of %(all)s", { n: bench.step() + 1, all: guide.steps.length });
    const page = guide.steps[bench.step()]?.pages?.[0] ?? guide.pages?.[0];
    address.textContent = page ?? say("any page of your product");
    frame.title = say("Preview of step %(n)s", { n: bench.step() + 1 });
    clearTimeout(timer);
    timer = window.setTimeout(send, playing ? 0 : TYPED_MS);
  };

  return {
    bar,
    view,
    draw: () => (playing ? undefined : draw()),
    play() {
      playing = !playing;
      onPlaying();
      if (!playing) return draw();
      send();
      frame.focus();
    },
    isPlaying: () => playing,
  };
}

export const playIcon = (playing: boolean): SVGElement => icon(playing ? "x" : "play");
export const previewLocale = (bench: Bench): string => (bench.locales().includes(bench.state.locale) ? bench.state.locale : defaultLocale(bench.guide()));
