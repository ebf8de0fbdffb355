/** Builds a step's card from its typed blocks; an unknown block shows nothing. */
import type { Action, Block, ButtonBlock, Rich, Step } from "../wire";
import { draw, make, safeUrl } from "./dom";
import type { Words } from "./words";

export interface CardNeeds {
  step: Step;
  index: number;
  total: number;
  last: boolean;
  modal: boolean;
  /** It should point at something that is not there. */
  in_words: boolean;
  /** Offer "later", "not this one", "no tips". */
  menu: boolean;
  words: Words;
  act(actions: Action[]): void;
}

export const plain = (rich: Rich): string => (typeof rich === "string" ? rich : rich.map((span) => span.text).join(""));

const spans = (rich: Rich): (Node | string)[] =>
  typeof rich === "string"
    ? [rich]
    : rich.map(({ text, bold, italic, code, link }) => {
        let node: Node | string = text;
        if (code) node = make("code", {}, node);
        if (italic) node = make("em", {}, node);
        if (bold) node = make("b", {}, node);
        const href = safeUrl(link);
        return link && href ? make("a", { href, target: "_blank", rel: "noopener noreferrer" }, node) : node;
      });

const node = (block: Block, index: number): Node | null => {
  switch (block.type) {
    case "heading":
      return make("h2", { class: "h", ...(index ? {} : {}) }, ...spans(block.text));
    case "text":
      return make("p", { class: "p" }, ...spans(block.text));
    case "list":
      return make(block.ordered ? "ol" : "ul", { class: "p" }, ...block.items.map((item) => make("li", {}, ...spans(item))));
    case "divider":
      return make("hr", {});
    case "image": {
      const src = safeUrl(block.src);
      return src ? make("img", { class: "pic", src, alt: block.alt ?? "" }) : null;
    }
    case "video": {
      const src = safeUrl(block.src);
      return src ? make("video", { class: "pic", src, controls: "", preload: "metadata", "aria-label": block.title ?? "" }) : null;
    }
    default:
      return null;
  }
};

export function buildCard(needs: CardNeeds): HTMLElement {
  const { step, index, total, last, modal, words, act } = needs;
  const button = (text: string, style: string, actions: Action[], label?: string, icon?: string) => {
    const made = make("button", { type: "button", class: style, ...(label && { "aria-label": label }) }, icon ? draw("", "0 0 16 16", icon) : text);
    made.onclick = (event) => {
      event.stopPropagation();
      act(actions);
    };
    return made;
  };
  const body = step.blocks.filter((block) => block.type !== "button").map(node);
  const own = step.blocks.filter((block): block is ButtonBlock => block.type === "button");
  const heading = body.find((one) => (one as Element | null)?.localName === "h2") as Element | undefined;
  const text = body.find((one) => (one as Element | null)?.localName === "p") as Element | undefined;
  heading?.setAttribute("id", "h");
  text?.setAttribute("id", "p");
  const foot = make(
    "div",
    { class: "foot" },
    total > 1 && make("span", { class: "meta" }, words.count(index + 1, total)),
    ...(own.length
      ? own.map((one) => button(plain(one.text), one.style ?? "quiet", one.actions))
      : [
          index > 0 && button(words.back, "quiet", [{ do: "back" }]),
          (!step.advance?.length || needs.in_words) &&
            button(last ? (total > 1 ? words.done : words.got_it) : words.next, "primary", [{ do: "next" }]),
        ]),
  );
  const cross = button("", "x", [{ do: "close" }], words.close, "M3 3l10 10M13 3L3 13");
  const more = needs.menu && button("", "more x", [], words.more, "M3 8h0M8 8h0M13 8h0");
  const menu = make("div", { class: "menu" }, ...(["later", "never", "no_tips"] as const).map((one) => button(words[one], "", [{ do: one }])));
  const first = body[0] as Element | null;
  const picture = first?.classList?.contains("pic") ? first : null;
  const scroll = make(
    "div",
    { class: "scroll" },
    picture,
    more,
    cross,
    ...body.filter((one) => one !== picture).map((one) => one as Node),
    needs.in_words && make("p", { class: "note" }, words.missing),
    foot.childNodes.length > 0 && foot,
  );
  if (more) {
    const toggle = (open: boolean) => {
      more.setAttribute("aria-expanded", String(open));
      if (open) more.after(menu);
      else menu.remove();
    };
    more.onclick = () => toggle(!menu.isConnected);
    toggle(false);
  }
  const names = { ...(heading ? { "aria-labelledby": "h" } : { "aria-label": words.count(index + 1, total) }), ...(text && { "aria-describedby": "p" }) };
  const wide = modal || needs.in_words || !step.target;
  return modal
    ? make("dialog", { class: "card wide", ...names }, scroll)
    : make("div", { class: wide ? "card tip wide" : "card tip", role: "dialog", tabindex: "-1", ...names }, scroll);
}
