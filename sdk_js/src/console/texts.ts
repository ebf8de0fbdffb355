/** Every text of the guide, its languages side by side; what is missing is marked and counted. */
import type { Bench } from "./bench";
import { blockName } from "./blocks";
import { defaultLocale, textsOf, wordsIn } from "../draft/document";
import { el } from "./dom";
import { choice, languageName, LANGUAGES, wordsField } from "./fields";
import { say } from "./words";

const LONG = new Set(["text", "question"]);

export function missingIn(bench: Bench, locale: string): number {
  const fallback = defaultLocale(bench.guide());
  return textsOf(bench.guide()).filter(({ words }) => !wordsIn(words, locale, fallback)?.length && wordsIn(words, fallback, fallback)?.length).length;
}

export function textsView(bench: Bench): HTMLElement {
  const locales = bench.locales();
  const others = Object.keys(LANGUAGES).filter((locale) => !locales.includes(locale));
  const add = choice("add-language", "", [["", say("Add a language…")], ...others.map((locale) => [locale, languageName(locale)] as const)], (locale) => locale && bench.addLocale(locale), say("Add a language"));
  const heads = locales.map((locale) => {
    const missing = missingIn(bench, locale);
    return el("th", { scope: "col" }, languageName(locale), missing > 0 && el("span", { class: "sub warnc" }, say("%(n)s missing", { n: missing })));
  });
  const rows = textsOf(bench.guide()).map((place) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, place.step < 0 ? say("Guide") : say("Step %(n)s", { n: place.step + 1 }), el("span", { class: "sub" }, placeName(place.what))),
      ...locales.map((locale) => el("td", {}, wordsField(bench, place.path, locale, { rows: LONG.has(place.what) ? 2 : 0, label: `${say("Step %(n)s", { n: place.step + 1 })}, ${placeName(place.what)}, ${languageName(locale)}` }))),
    ),
  );
  return el(
    "div",
    { class: "texts" },
    el("div", { class: "row" }, el("div", { class: "push" }, add)),
    el("div", { class: "panel" }, el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": say("Texts") }, el("table", { class: "table plain side-by-side" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say("Where")), ...heads)), el("tbody", {}, ...rows)))),
  );
}

const placeName = (what: string): string => ({ alt: say("For those who do not see it"), item: say("Item"), low: say("Words at the low end"), high: say("Words at the high end"), answer: say("Answer"), title: say("Title") })[what] ?? blockName(what);
