/** The draft as the editor and the builder change it: the server's wire model, never changed in place; what stands at its default is left out. */
import type { Rich, Target } from "../wire";

export type Words = Rich | Record<string, Rich>;
export type Path = (string | number)[];
export type Tree = { all: Tree[] } | { any: Tree[] } | { not: Tree } | Leaf;
export type Scalar = string | number | boolean | null;

export interface Leaf {
  fact: string;
  op: string;
  value?: Scalar | Scalar[];
}

export interface ActionDoc {
  do: string;
  step?: string;
  url?: string;
  guide?: string;
}

export interface BlockDoc {
  type: string;
  id?: string;
  text?: Words;
  items?: Words[];
  ordered?: boolean;
  src?: string;
  alt?: Words;
  title?: Words;
  poster?: string | null;
  style?: string;
  actions?: ActionDoc[];
  [more: string]: unknown;
}

export interface AdvanceDoc {
  on: string;
  target?: Target | null;
  value?: string | null;
  path?: string | null;
  event?: string | null;
}

export interface StepDoc {
  id: string;
  kind?: string;
  pages?: string[] | null;
  target?: Target | null;
  placement?: string;
  blocks: BlockDoc[];
  advance?: AdvanceDoc[];
  missing?: string;
  wait_ms?: number;
  interaction?: string;
  backdrop?: string;
  escape?: boolean;
  arrows?: boolean;
  overlay_click?: string;
  [more: string]: unknown;
}

export interface GuideDoc {
  apiVersion: string;
  key: string;
  name: string;
  kind: string;
  goal_feature?: string | null;
  priority?: number;
  linkable?: boolean;
  budget?: string;
  theme?: string | null;
  default_locale?: string;
  pages?: string[];
  trigger?: { on: string; target?: Target | null; event?: string | null };
  audience?: Tree | null;
  frequency?: { repeat?: string; wait_days?: number };
  schedule?: { from_at?: string | null; until_at?: string | null };
  steps: StepDoc[];
  [more: string]: unknown;
}

/** What stands at a path; undefined where nothing does. */
export const at = (node: unknown, path: Path): unknown => path.reduce<any>((found, part) => found?.[part], node);

/** The same document with another value there; undefined takes the field away. */
export function put<T>(node: T, path: Path, value: unknown): T {
  const [part, ...rest] = path;
  if (part === undefined) return value as T;
  const copy: any = Array.isArray(node) ? [...node] : { ...node };
  const next = rest.length ? put(copy[part] ?? (typeof rest[0] === "number" ? [] : {}), rest, value) : value;
  if (next === undefined) {
    if (Array.isArray(copy)) copy.splice(part as number, 1);
    else delete copy[part];
  } else copy[part] = next;
  return copy;
}

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const copy = [...list];
  const [one] = copy.splice(from, 1);
  if (one !== undefined) copy.splice(to, 0, one);
  return copy;
}

/** `step-3`: the first number nobody has. */
export function freeId(stem: string, taken: readonly string[]): string {
  let number = 1;
  while (taken.includes(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}

/** A guide always has a step; buttons that went to the one taken away go on instead. */
export function withoutStep<T extends { steps: StepDoc[] }>(guide: T, index: number): T {
  const gone = guide.steps[index]!.id;
  const steps = guide.steps
    .filter((_, other) => other !== index)
    .map((step) => ({
      ...step,
      blocks: step.blocks.map((block) => (block.actions ? { ...block, actions: block.actions.map((action) => (action.step === gone ? { do: "next" } : action)) } : block)),
      ...(Array.isArray(step.branches) && { branches: step.branches.filter((branch: any) => branch.step !== gone) }),
    }));
  return { ...guide, steps };
}

/** What people would call it: its name, its text, else its test id. */
export function targetName(target: Target | null | undefined): string {
  const found = target?.locators ?? [];
  const by = (way: string) => found.find((one) => one.by === way);
  return by("role")?.name || by("text")?.value || by("testid")?.value || found[0]?.value || "";
}

export const pointerOf = (path: Path): string => path.map((part) => `/${part}`).join("");
export const defaultLocale = (guide: GuideDoc): string => guide.default_locale ?? "en";
export const isByLocale = (words: Words | undefined): words is Record<string, Rich> =>
  typeof words === "object" && words !== null && !Array.isArray(words);

/** The text in exactly this language; undefined where it is missing. */
export function wordsIn(words: Words | undefined, locale: string, fallback: string): Rich | undefined {
  if (words === undefined) return undefined;
  if (isByLocale(words)) return words[locale];
  return locale === fallback ? words : undefined;
}

/** The text with another one in this language; an empty translation is none. */
export function withWords(words: Words | undefined, locale: string, text: Rich, fallback: string): Words {
  const held: Record<string, Rich> = isByLocale(words) ? { ...words } : words === undefined || words === "" ? {} : { [fallback]: words };
  held[locale] = text;
  if (!text.length && locale !== fallback) delete held[locale];
  const names = Object.keys(held);
  if (!names.length) return "";
  return names.length === 1 && names[0] === fallback ? held[fallback]! : held;
}

export interface TextPlace {
  path: Path;
  words: Words | undefined;
  step: number;
  what: string;
}

/** Every text people will read, in the order of the guide. */
export function textsOf(guide: GuideDoc): TextPlace[] {
  const own: TextPlace[] = guide.title === undefined || guide.title === null ? [] : [{ path: ["title"], words: guide.title as Words, step: -1, what: "title" }];
  return [...own, ...guide.steps.flatMap((step, number) => step.blocks.flatMap((block, index) => textsOfBlock(block, ["steps", number, "blocks", index], number)))];
}

function textsOfBlock(block: BlockDoc, path: Path, step: number): TextPlace[] {
  const one = (name: string, what: string): TextPlace => ({ path: [...path, name], words: block[name] as Words | undefined, step, what });
  if (block.type === "list") return (block.items ?? []).map((words, index) => ({ path: [...path, "items", index], words, step, what: "item" }));
  if (block.type === "image") return [one("alt", "alt")];
  if (block.type === "video") return [one("title", "title")];
  if (block.type === "question") {
    const options = (block.options ?? []) as { text: Words }[];
    const ends = block.ask === "nps" ? [one("low", "low"), one("high", "high")] : [];
    return [one("text", "question"), ...ends, ...options.map((option, index) => ({ path: [...path, "options", index, "text"], words: option.text, step, what: "answer" }))];
  }
  return block.type === "divider" || block.type === "code" ? [] : [one("text", block.type)];
}

export function localesOf(guide: GuideDoc): string[] {
  const found = new Set([defaultLocale(guide)]);
  for (const { words } of textsOf(guide)) if (isByLocale(words)) Object.keys(words).forEach((name) => found.add(name));
  return [...found];
}

/** What people read of a step: its first heading, else its first text. */
export function titleOf(step: StepDoc, locale: string, fallback: string): string {
  const block = step.blocks.find((one) => one.type === "heading") ?? step.blocks.find((one) => one.type === "text" || one.type === "question");
  const words = block?.text;
  const rich = wordsIn(words, locale, fallback) ?? wordsIn(words, fallback, fallback) ?? (isByLocale(words) ? Object.values(words)[0] : undefined);
  return rich === undefined ? "" : typeof rich === "string" ? rich : rich.map((span) => span.text).join("");
}

/** One language of a text, as the server would choose it: exact, the language alone, its kin, the default, any. */
export function pick(words: Words | undefined, locale: string, fallback: string): Rich {
  if (words === undefined) return "";
  if (!isByLocale(words)) return words;
  const names = Object.keys(words).sort();
  const base = locale.toLowerCase().split("-")[0]!;
  const chosen =
    names.find((name) => name.toLowerCase() === locale.toLowerCase()) ??
    names.find((name) => name.toLowerCase() === base) ??
    names.find((name) => name.toLowerCase().split("-")[0] === base) ??
    fallback;
  return words[chosen] ?? Object.values(words)[0]!;
}

/** The guide in one language, as the SDK takes it. */
export function resolved(guide: GuideDoc, locale: string): Record<string, unknown> {
  const fallback = defaultLocale(guide);
  const flat = (block: BlockDoc): BlockDoc => {
    const copy: BlockDoc = { ...block };
    for (const name of ["text", "alt", "title", "low", "high"]) if (copy[name] !== undefined && block.type !== "code") copy[name] = pick(copy[name] as Words, locale, fallback);
    if (copy.items) copy.items = copy.items.map((item) => pick(item, locale, fallback));
    if (Array.isArray(copy.options)) copy.options = copy.options.map((option: { text: Words }) => ({ ...option, text: pick(option.text, locale, fallback) }));
    return copy;
  };
  const title = guide.title === undefined || guide.title === null ? {} : { title: pick(guide.title as Words, locale, fallback) };
  return { ...guide, ...title, guide: guide.key, version: 0, lang: locale, dir: /^(ar|fa|he|ur)\b/.test(locale) ? "rtl" : "ltr", steps: guide.steps.map((step) => ({ ...step, blocks: step.blocks.map(flat) })) };
}
