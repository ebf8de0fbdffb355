/** Fields of the properties: each knows its place in the draft, so that focus, faults and undo find it again. */
import type { Bench } from "./bench";
import { defaultLocale, pointerOf, wordsIn, withWords, at, type Path, type Words } from "../draft/document";
import { el, icon, type Child } from "./dom";
import { toRich, toText } from "./marks";
import { say } from "./words";

let numbers = 0;
const nextId = () => `f${(numbers += 1)}`;

/** Where what is wrong with this place is said; filled by `showProblems`. */
export const faultOf = (path: Path): HTMLElement => el("p", { class: "fault", "data-fault": pointerOf(path), hidden: true });

export function field(label: string, control: HTMLElement, ...more: Child[]): HTMLElement {
  control.id = control.id || nextId();
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, ...more);
}

export const named = (label: string, ...children: Child[]): HTMLElement => el("div", { class: "field", role: "group", "aria-label": label }, el("span", { class: "label" }, label), ...children);

interface TextOptions {
  label?: string;
  rows?: number;
  lang?: string;
  placeholder?: string;
  list?: string;
  kind?: string;
  min?: string;
  max?: string;
}

/** One text field; `write` gets what stands in it at every key, but not while an input method composes. */
export function textField(place: string, value: string, write: (text: string) => void, options: TextOptions = {}): HTMLInputElement | HTMLTextAreaElement {
  const shared = { "data-at": place, "aria-label": options.label, lang: options.lang, placeholder: options.placeholder, autocomplete: "off" };
  const node = options.rows
    ? el("textarea", { ...shared, class: "textarea", rows: `${options.rows}` })
    : el("input", { ...shared, class: "input", type: options.kind ?? "text", list: options.list, min: options.min, max: options.max });
  node.value = value;
  let composing = false;
  node.addEventListener("compositionstart", () => (composing = true));
  node.addEventListener("compositionend", () => {
    composing = false;
    write(node.value);
  });
  node.addEventListener("input", () => composing || write(node.value));
  return node;
}

/** A text of the draft itself. */
export const textAt = (bench: Bench, path: Path, options: TextOptions & { empty?: unknown } = {}): HTMLInputElement | HTMLTextAreaElement =>
  textField(pointerOf(path), `${(at(bench.guide(), path) as string | number | undefined) ?? ""}`, (text) => bench.type(path, text === "" && "empty" in options ? options.empty : text), options);

export function choice(place: string, value: string, options: readonly (readonly [string, string])[], choose: (value: string) => void, label?: string): HTMLSelectElement {
  const listed = options.some(([name]) => name === value) ? options : [...options, [value, value] as const];
  const node = el("select", { class: "select", "data-at": place, "aria-label": label }, ...listed.map(([name, text]) => el("option", { value: name, selected: name === value }, text)));
  node.addEventListener("change", () => choose(node.value));
  return node;
}

/** A choice of the draft; the default is left out of it. */
export const choiceAt = (bench: Bench, path: Path, fallback: string, options: readonly (readonly [string, string])[], label?: string): HTMLSelectElement =>
  choice(pointerOf(path), `${at(bench.guide(), path) ?? fallback}`, options, (value) => bench.set(path, value === fallback ? undefined : value), label);

export function tick(place: string, label: string, value: boolean, choose: (value: boolean) => void): HTMLElement {
  const box = el("input", { type: "checkbox", "data-at": place, checked: value });
  box.addEventListener("change", () => choose(box.checked));
  return el("label", { class: "check" }, box, label);
}

export const tickAt = (bench: Bench, path: Path, fallback: boolean, label: string): HTMLElement =>
  tick(pointerOf(path), label, (at(bench.guide(), path) as boolean | undefined) ?? fallback, (value) => bench.set(path, value === fallback ? undefined : value));

export function numberAt(bench: Bench, path: Path, fallback: number, lowest: number, highest: number, factor = 1): HTMLInputElement {
  const value = ((at(bench.guide(), path) as number | undefined) ?? fallback) / factor;
  const write = (text: string) => {
    const number = Math.round(Number(text) * factor);
    if (text !== "" && Number.isFinite(number) && number >= lowest && number <= highest) bench.type(path, number === fallback ? undefined : number);
  };
  return textField(pointerOf(path), `${value}`, write, { kind: "number", min: `${lowest / factor}`, max: `${highest / factor}` }) as HTMLInputElement;
}

export const LANGUAGES: Record<string, string> = { en: "English", "zh-CN": "中文", de: "Deutsch", fr: "Français", es: "Español", ja: "日本語", ko: "한국어", pt: "Português", ar: "العربية", "zh-TW": "繁體中文" };
export const languageName = (locale: string): string => LANGUAGES[locale] ?? locale;

/** One text in one language, as people type it. */
export function wordsField(bench: Bench, path: Path, locale: string, options: TextOptions = {}): HTMLInputElement | HTMLTextAreaElement {
  const fallback = defaultLocale(bench.guide());
  const words = at(bench.guide(), path) as Words | undefined;
  const rich = wordsIn(words, locale, fallback);
  const node = textField(
    `${pointerOf(path)}@${locale}`,
    rich === undefined ? "" : toText(rich),
    (text) => {
      const now = at(bench.guide(), path) as Words | undefined;
      bench.type(path, withWords(now, locale, toRich(text), fallback));
      node.classList.toggle("lacking", !text);
    },
    { ...options, lang: locale },
  );
  node.classList.toggle("lacking", rich === undefined || !rich.length);
  return node;
}

/** The text in every language of the guide, one under the other; alone in its card, it needs no label to be seen. */
export function wordsFields(bench: Bench, path: Path, label: string, rows = 0, isAlone = false): HTMLElement {
  const locales = bench.locales();
  const shown = locales.map((locale) =>
    el("div", { class: "tongue" }, locales.length > 1 && el("span", { class: "tongue-name", lang: locale, "aria-hidden": "true" }, languageName(locale)), wordsField(bench, path, locale, { rows, label: `${label}, ${languageName(locale)}` })),
  );
  return el("div", { class: "field" }, !isAlone && el("span", { class: "label", "aria-hidden": "true" }, label), ...shown);
}

/** An icon with a name. */
export const iconButton = (name: string, label: string, press: () => void, more: Record<string, string | boolean> = {}): HTMLButtonElement =>
  el("button", { type: "button", class: "btn btn-quiet btn-sm btn-icon", "aria-label": label, title: label, onclick: press, ...more }, icon(name));

export const addButton = (label: string, press: () => void, place = ""): HTMLButtonElement =>
  el("button", { type: "button", class: "btn btn-sm", onclick: press, "data-at": place || undefined }, icon("plus"), label);

/** Globs or names, one a line. */
export function linesAt(bench: Bench, path: Path, label: string, hint: string, empty: unknown): HTMLElement {
  const held = ((at(bench.guide(), path) as string[] | null | undefined) ?? []).join("\n");
  const write = (text: string) => {
    const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
    bench.type(path, lines.length ? lines : empty);
  };
  return field(label, textField(pointerOf(path), held, write, { rows: 2 }), el("span", { class: "hint" }, hint), faultOf(path));
}

export const remove = (label: string, press: () => void): HTMLButtonElement => iconButton("x", say("Remove: %(what)s", { what: label }), press);
