/** Where a card goes beside its target: flip, then shift, then clamp. Pure; all lengths in px of the viewport. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Side = "top" | "bottom" | "left" | "right";

export interface Placed {
  x: number;
  y: number;
  /** The side of the target the card stands on; none when it had to lie inside the viewport without pointing. */
  side: Side | null;
  /** Centre of the arrow from the card's left or top edge. */
  arrow: number;
}

const OPPOSITE: Record<Side, Side> = { top: "bottom", bottom: "top", left: "right", right: "left" };

const clamp = (value: number, least: number, most: number) => Math.max(least, Math.min(value, most));

/**
 * `gap` from target to card, `edge` from card to viewport, `corner` = how near the arrow may come to the card's corner.
 * The wished side first, its opposite next, then the rest; a target that leaves no room gets the card inside the view.
 */
export function place(
  target: Box,
  card: { width: number; height: number },
  view: Box,
  wish: Side | "auto",
  rtl: boolean,
  gap: number,
  edge: number,
  corner: number,
): Placed {
  const room: Record<Side, number> = {
    top: target.y - view.y - gap - edge - card.height,
    bottom: view.y + view.height - target.y - target.height - gap - edge - card.height,
    left: target.x - view.x - gap - edge - card.width,
    right: view.x + view.width - target.x - target.width - gap - edge - card.width,
  };
  const beside: Side[] = rtl ? ["left", "right"] : ["right", "left"];
  const order: Side[] = wish === "auto" ? ["bottom", "top", ...beside] : [wish, OPPOSITE[wish], "bottom", "top", ...beside];
  const side = order.find((one) => room[one] >= 0);
  const most_x = view.x + view.width - edge - card.width;
  const most_y = view.y + view.height - edge - card.height;
  const centre_x = target.x + target.width / 2;
  const centre_y = target.y + target.height / 2;
  if (!side) {
    // No room anywhere: cover the end of a huge target rather than the page's own controls, or the smaller remainder.
    const above = room.top > room.bottom && target.height < view.height / 2;
    return {
      x: clamp(centre_x - card.width / 2, view.x + edge, Math.max(most_x, view.x + edge)),
      y: above ? view.y + edge : Math.max(most_y, view.y + edge),
      side: null,
      arrow: 0,
    };
  }
  const upright = side === "top" || side === "bottom";
  const x = upright
    ? clamp(centre_x - card.width / 2, view.x + edge, Math.max(most_x, view.x + edge))
    : side === "right"
      ? target.x + target.width + gap
      : target.x - gap - card.width;
  const y = upright
    ? side === "bottom"
      ? target.y + target.height + gap
      : target.y - gap - card.height
    : clamp(centre_y - card.height / 2, view.y + edge, Math.max(most_y, view.y + edge));
  const arrow = upright ? clamp(centre_x - x, corner, card.width - corner) : clamp(centre_y - y, corner, card.height - corner);
  return { x, y, side, arrow };
}
