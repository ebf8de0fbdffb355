/** Where a card goes beside its target: flip, then shift, then clamp. Pure; all lengths in px of the viewport. */

export type Box = readonly [x: number, y: number, width: number, height: number];

/** In turns of a quarter, so that the opposite is two on; the arrow turns with them. */
export const SIDES = ["bottom", "left", "top", "right"];

export interface Placed {
  at: number[];
  /** Of `SIDES`; none when the card had to lie over the target, without pointing. */
  side?: number;
  /** The arrow's centre, from the card's left and top edge. */
  arrow: number[];
}

const AXES = [0, 1] as const;

/**
 * `gap` from target to card, `edge` from card to viewport, `corner` = how near the arrow may come to the card's corner.
 * The wished side first, its opposite next, then the rest; where no side has room the card lies inside the view.
 */
export function place(target: Box, card: readonly number[], view: Box, wish: string, rtl: boolean, gap: number, edge: number, corner: number): Placed {
  const clamp = (axis: 0 | 1, value: number) => Math.max(view[axis] + edge, Math.min(value, view[axis] + view[axis + 2]! - edge - card[axis]!));
  const middle = (axis: 0 | 1) => target[axis] + target[axis + 2]! / 2;
  const axisOf = (side: number) => ((side + 1) % 2) as 0 | 1;
  const isAfter = (side: number) => side % 3 === 0;
  const beside = (side: number) => {
    const axis = axisOf(side);
    return target[axis] + (isAfter(side) ? target[axis + 2]! + gap : -gap - card[axis]!);
  };
  const order = rtl ? [0, 2, 1, 3] : [0, 2, 3, 1];
  const first = SIDES.indexOf(wish);
  if (first >= 0) order.unshift(first, first ^ 2);
  const side = order.find((one) => clamp(axisOf(one), beside(one)) === beside(one));
  const main = axisOf(side ?? 0);
  // No room anywhere: over the end of the target that is farther from the middle of the view.
  const low = middle(1) < view[1] + view[3] / 2;
  const start = side === undefined ? (low ? 1e6 : -1e6) : beside(side);
  const at = AXES.map((axis) => clamp(axis, axis === main ? start : middle(axis) - card[axis]! / 2));
  const arrow = AXES.map((axis) =>
    axis === main ? (isAfter(side!) ? 0 : card[axis]!) : Math.max(corner, Math.min(middle(axis) - at[axis]!, card[axis]! - corner)),
  );
  return { at, side, arrow };
}
