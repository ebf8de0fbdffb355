/** Markdown to blocks: headings, paragraphs, lists, pictures, code and lines; whatever else it holds stays text. */
import type { BlockDoc, Words } from "../draft/document";
import { toRich } from "./marks";

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const PICTURE = /^!\[([^\]]*)\]\((https:\/\/\S+)\)$/;

export function blocksOf(markdown: string, locale: string, fallback: string): BlockDoc[] {
  const inLocale = (text: string): Words => (locale === fallback ? toRich(text) : { [locale]: toRich(text) });
  const lines = markdown.replace(/\r\n?/g, "\n").split("\n");
  const blocks: BlockDoc[] = [];
  let paragraph: string[] = [];
  let list: { ordered: boolean; items: string[] } | undefined;
  const flush = () => {
    if (paragraph.length) blocks.push({ type: "text", text: inLocale(paragraph.join(" ")) });
    if (list) blocks.push({ type: "list", ...(list.ordered && { ordered: true }), items: list.items.map(inLocale) });
    paragraph = [];
    list = undefined;
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!.trim();
    const item = ITEM.exec(lines[at]!);
    const picture = PICTURE.exec(line);
    if (/^```/.test(line)) {
      flush();
      const end = lines.findIndex((one, index) => index > at && /^\s*```/.test(one));
      const code = lines.slice(at + 1, end < 0 ? undefined : end).join("\n");
      if (code) blocks.push({ type: "code", text: code });
      at = end < 0 ? lines.length : end;
    } else if (!line) flush();
    else if (/^#{1,6}\s/.test(line)) {
      flush();
      blocks.push({ type: "heading", text: inLocale(line.replace(/^#+\s+|\s+#+$/g, "")) });
    } else if (/^([-*_]\s*){3,}$/.test(line)) {
      flush();
      blocks.push({ type: "divider" });
    } else if (picture) {
      flush();
      blocks.push({ type: "image", src: picture[2]!, ...(picture[1] && { alt: inLocale(picture[1]) }) });
    } else if (item) {
      const ordered = item[1] !== undefined;
      if (paragraph.length || (list && list.ordered !== ordered)) flush();
      list ??= { ordered, items: [] };
      list.items.push(item[2]!);
    } else if (list && /^\s/.test(lines[at]!)) list.items.push(`${list.items.pop()} ${line}`);
    else {
      if (list) flush();
      paragraph.push(line.replace(/^>\s?/, ""));
    }
  }
  flush();
  return blocks;
}
