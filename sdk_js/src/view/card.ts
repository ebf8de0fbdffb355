/** Builds a step's card from its typed blocks; an unknown block shows nothing. */
import type { Action, Block, Rich } from "../wire";
import { make, safeUrl, type Child } from "./dom";
import type { Words } from "./words";

export interface CardNeeds {
  /** Its place among the steps, and how many there are. */
  index: number;
  total: number;
  blocks: Block[];
  looks: "tip" | "wide" | "pill";
  modal?: boolean;
  /** What the button says that goes on; none where the page's own event does. */
  forward?: string | false;
  /** Why it does not point at anything. */
  note?: string | false;
  /** What the author's own "next" says when nothing follows any more. */
  done?: string | false | undefined;
  /** Offer "later", "not this one", "no tips". */
  menu: boolean;
  words: Words;
  onPress(node: HTMLElement, actions: Action[]): void;
}

export const spans = (rich: Rich): (Node | string)[] =>
  typeof rich === "string"
    ? [rich]
    : rich.map(({ text, bold, italic, code, link }) => {
        let node: Node | string = text;
        Object.entries({ code, em: italic, b: bold }).forEach(([tag, wished]) => wished && (node = make(tag as "b", {}, node)));
        const href = link && safeUrl(link);
        return href ? make("a", { href, target: "_blank", rel: "noopener" }, node) : node;
      });

export const draw = (block: Block): HTMLElement | false => {
  const { type } = block;
  if (type === "list") return make(block.ordered ? "ol" : "ul", {}, ...block.items.map((item) => make("li", {}, ...spans(item))));
  if (type === "divider") return make("hr", {});
  if (type === "code") return make("pre", {}, block.text);
  if (type === "heading" || type === "text") return make(type === "text" ? "p" : "h2", {}, ...spans(block.text));
  const src = (type === "image" || type === "video") && safeUrl(block.src);
  if (!src) return false;
  if (type === "image") return make("img", { class: "pic", src, alt: block.alt ?? "" });
  // Nothing of it is asked for before the person wants it.
  const title = block.title ?? "";
  const play = make("button", { type: "button", class: "secondary play" }, "▶ " + title);
  play.onclick = () => {
    const video = make("video", { class: "pic", src, controls: "", autoplay: "", "aria-label": title });
    play.replaceWith(video);
    video.focus();
  };
  return play;
};

export function buildCard({ index, total, blocks, looks, modal, forward, note, done, menu, words, onPress }: CardNeeds): HTMLElement {
  const [count, , back, , , , close, more] = words;
  const button = (text: Rich, style: string, actions: Action[], label?: string) => {
    const made = make("button", { type: "button", class: style, ...(label && { "aria-label": label }) }, ...spans(text));
    onPress(made, actions);
    return made;
  };
  const body = blocks.map(draw);
  const own = blocks.map((block) => block.type === "button" && button((block.actions[0]?.do === "next" && done) || block.text, block.style ?? "primary", block.actions)).filter(Boolean);
  const counted = count.replace("#", `${index + 1}`).replace("#", `${total}`);
  const foot: Child[] = [
    total > 1 && make("small", {}, counted),
    ...(own[0] ? own : [index > 0 && button(back, "", [{ do: "back" }]), forward && button(forward, looks === "pill" ? "" : "primary", [{ do: "next" }])]),
  ];
  const choices =
    menu &&
    make(
      "details",
      {},
      make("summary", { class: "x", "aria-label": more }, "···"),
      make("div", { class: "card menu" }, ...(["later", "never", "no_tips"] as const).map((what, i) => button(words[8 + i]!, "", [{ do: what }]))),
    );
  const has = (type: string) => {
    const first = body[blocks.findIndex((block) => block.type === type)];
    if (first) first.id = type;
    return first;
  };
  return make(
    modal ? "dialog" : "div",
    {
      class: `card ${looks} ${blocks[0]?.type}`,
      role: "dialog",
      tabindex: "-1",
      ...(has("heading") ? { "aria-labelledby": "heading" } : { "aria-label": counted }),
      ...(has("text") && { "aria-describedby": "text" }),
    },
    make("div", { class: menu ? "top more" : "top" }, choices, button("", "x cross", [{ do: "close" }], close)),
    make("div", { class: "scroll" }, ...body, note && make("p", { class: "note" }, note), foot.some(Boolean) && make("div", { class: "foot" }, ...foot)),
  );
}
