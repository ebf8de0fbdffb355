/** Rich text as people type it: **bold**, *italic*, `code`, [words](address); a backslash keeps a sign as it is. */
import type { Rich, Span } from "../wire";

const SIGNS = /[\\*`[\]]/g;
const PART = /\\([\\*`[\]()])|\*\*|\*|`((?:\\.|[^`\\])+)`|\[((?:\\.|[^\]\\])*)\]\(([^)\s]*)\)/g;

export function toText(rich: Rich): string {
  if (typeof rich === "string") return escapeText(rich);
  return rich.map(spanText).join("");
}

/** A plain string where there are no marks: the shorter of two ways to say the same. */
export function toRich(text: string): Rich {
  const spans = join(parse(text, {}));
  if (!spans.length) return "";
  return spans.every((span) => Object.keys(span).length === 1) ? spans.map((span) => span.text).join("") : spans;
}

const escapeText = (text: string): string => text.replace(SIGNS, "\\$&");

function spanText({ text, bold, italic, code, link }: Span): string {
  let shown = code ? "`" + escapeText(text) + "`" : escapeText(text);
  if (italic) shown = `*${shown}*`;
  if (bold) shown = `**${shown}**`;
  return link ? `[${shown}](${link.replace(/[)\s]/g, encodeURIComponent).replace(/\)/g, "%29")})` : shown;
}

type Marks = Omit<Span, "text">;

function parse(text: string, outer: Marks): Span[] {
  const spans: Span[] = [];
  let marks: Marks = { ...outer };
  let at = 0;
  const put = (piece: string, more: Marks = {}) => {
    if (piece) spans.push({ text: piece, ...marks, ...more });
  };
  for (const found of text.matchAll(PART)) {
    put(text.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[1] !== undefined) put(found[1]);
    else if (found[2] !== undefined) put(found[2].replace(/\\(.)/g, "$1"), { code: true });
    else if (found[3] !== undefined) {
      const link = found[4]!;
      if (isAddress(link)) spans.push(...parse(found[3], { ...marks, link }));
      else put(found[0]);
    } else marks = toggle(marks, found[0] === "**" ? "bold" : "italic", outer);
  }
  put(text.slice(at));
  return spans;
}

function toggle(marks: Marks, name: "bold" | "italic", outer: Marks): Marks {
  const { [name]: was, ...rest } = marks;
  return was && !outer[name] ? rest : { ...marks, [name]: true };
}

const isAddress = (link: string): boolean => /^(https:\/\/[^/]|mailto:.|\/(?![/\\]))/.test(link);

/** Neighbours with the same marks are one run. */
function join(spans: Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last && same(last, span)) last.text += span.text;
    else joined.push({ ...span });
  }
  return joined;
}

const same = (a: Span, b: Span): boolean => !a.bold === !b.bold && !a.italic === !b.italic && !a.code === !b.code && (a.link ?? "") === (b.link ?? "");
