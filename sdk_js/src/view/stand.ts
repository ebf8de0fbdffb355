/** Stands a card beside its target, with arrow, ring and cover, and keeps it there. */
import type { Scope } from "../core/scope";
import { make } from "./dom";
import { follow } from "./follow";
import { place, type Box } from "./place";

const RING = 6;
const GAP = 10;

/** Where it is in the viewport, also from inside frames of our own origin. */
export const boxOf = (win: Window, target: Element): Box => {
  let { x, y, width, height } = target.getBoundingClientRect();
  while (target.ownerDocument !== win.document) {
    target = target.ownerDocument.defaultView!.frameElement!;
    const frame = target.getBoundingClientRect();
    x += frame.x + target.clientLeft;
    y += frame.y + target.clientTop;
  }
  return [x, y, width, height];
};

/** Into view only when it is not wholly in it, or something of the page lies over it. */
export const reveal = (win: Window, target: Element, ours?: Element): void => {
  const scroll = (block: ScrollLogicalPosition) => target.scrollIntoView({ block, inline: "nearest", behavior: "instant" as ScrollBehavior });
  const before = "" + boxOf(win, target);
  scroll("nearest");
  const { x, y, width, height } = target.getBoundingClientRect();
  const isHuge = height > win.innerHeight * 0.8;
  const isCovered = [0.1, 0.5, 0.9].some((share) => {
    const over = (target.getRootNode() as Document).elementsFromPoint(x + width / 2, y + height * share).find((el) => el !== ours);
    return over && !target.contains(over) && !over.contains(target);
  });
  if ("" + boxOf(win, target) !== before || (isCovered && !isHuge)) scroll(isHuge ? "start" : "center");
};

export function stand(
  win: Window,
  scope: Scope,
  layer: HTMLElement,
  target: Element,
  card: HTMLElement,
  cover: HTMLElement | false,
  ring: HTMLElement | false,
  wish: string,
  rtl: boolean,
): void {
  const arrow = make("div", { class: "arrow" });
  const put = ({ style }: HTMLElement, box: readonly number[]) =>
    box.forEach((length, i) => style.setProperty(["left", "top", "width", "height"][i]!, length.toFixed(1) + "px"));
  const radiusOf = (node: Element) => parseFloat(getComputedStyle(node).borderTopLeftRadius) || 0;
  const grow = ring ? RING : 0;
  const targetBox = () => boxOf(win, target);
  card.append(arrow);
  follow(win, target, card, scope, targetBox, () => {
    // The page may be zoomed, and pinched: lengths in our layer are not those of the page.
    const zero = layer.getBoundingClientRect();
    const k = layer.offsetWidth / zero.width || 1;
    const inner = ([x, y, width, height]: Box, more: number): Box => [(x - zero.x) * k - more, (y - zero.y) * k - more, width * k + 2 * more, height * k + 2 * more];
    const { offsetLeft, offsetTop, width, height } = win.visualViewport!;
    const box = inner(targetBox(), grow);
    const view = inner([offsetLeft, offsetTop, width, height], 0);
    const { at, side, arrow: tip } = place(box, [card.offsetWidth, card.offsetHeight], view, wish, rtl, GAP, width > 480 ? 12 : 8, radiusOf(card) + 8);
    put(card, at);
    put(arrow, tip);
    arrow.hidden = side === undefined;
    arrow.style.transform = `rotate(${side! * 90 + 45}deg)`;
    if (!ring) return;
    put(ring, box);
    const radius = radiusOf(target);
    ring.style.borderRadius = (radius && radius + RING) + "px";
    if (cover) cover.style.clipPath = `path(evenodd,"M0 0H9e4V9e4H0ZM${box[0]} ${box[1]}h${box[2]}v${box[3]}H${box[0]}Z")`;
  });
}
