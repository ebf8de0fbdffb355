import assert from "node:assert/strict";
import { test } from "node:test";
import { SIDES, place, type Box } from "../src/view/place";

const VIEW: Box = [0, 0, 1280, 720];
const CARD = [320, 150];
const stand = (target: Box, wish = "auto", rtl = false, view = VIEW, card = CARD) => {
  const { at, side, arrow } = place(target, card, view, wish, rtl, 10, 12, 20);
  return { x: at[0]!, y: at[1]!, side: side === undefined ? undefined : SIDES[side], arrow };
};

test("below, in the middle, with the arrow at the target's centre", () => {
  const { x, y, side, arrow } = stand([600, 300, 80, 40]);
  assert.deepEqual({ x, y, side, arrow }, { x: 480, y: 350, side: "bottom", arrow: [160, 0] });
});

test("without room below it flips above, and the arrow with it", () => {
  const { y, side, arrow } = stand([600, 640, 80, 40]);
  assert.deepEqual({ y, side, arrow }, { y: 480, side: "top", arrow: [160, 150] });
});

test("a wish is kept where there is room, then its opposite, then any", () => {
  assert.equal(stand([600, 300, 80, 40], "right").side, "right");
  assert.equal(stand([1200, 300, 80, 40], "right").side, "left");
  assert.equal(stand([0, 0, 1280, 40], "left").side, "bottom");
});

test("beside the target it takes the end side first, mirrored in right-to-left pages", () => {
  const tall: Box = [600, 0, 80, 720];
  assert.equal(stand(tall).side, "right");
  assert.equal(stand(tall, "auto", true).side, "left");
});

test("near an edge it shifts, and the arrow still points at the centre but never leaves the straight part", () => {
  const near = stand([10, 100, 60, 30]);
  assert.equal(near.x, 12);
  assert.equal(near.x + near.arrow[0]!, 40);
  const corner = stand([0, 100, 8, 30]);
  assert.equal(corner.arrow[0], 20);
});

test("a huge target gets the card inside the view, without an arrow", () => {
  const { x, y, side } = stand([0, 0, 1280, 720]);
  assert.equal(side, undefined);
  assert.ok(x >= 12 && x + 320 <= 1268 && y >= 12 && y + 150 <= 708);
});

test("everywhere on the screen the card is whole and clear of a small target", () => {
  for (const view of [VIEW, [0, 0, 320, 640], [100, 50, 400, 700]] as Box[])
    for (let x = -50; x < view[2] + 50; x += 37)
      for (let y = -50; y < view[3] + 50; y += 41) {
        const card = [Math.min(320, view[2] - 16), 150];
        const target: Box = [view[0] + x, view[1] + y, 40, 24];
        const at = stand(target, "auto", false, view, card);
        assert.ok(at.x >= view[0] + 8 && at.x + card[0]! <= view[0] + view[2], `${x} ${y} is cut off`);
        assert.ok(at.y >= view[1] + 8 && at.y + card[1]! <= view[1] + view[3], `${x} ${y} is cut off`);
        const inView = x >= 0 && y >= 0 && x + 40 <= view[2] && y + 24 <= view[3];
        const apart = at.x >= target[0] + 40 || at.x + card[0]! <= target[0] || at.y >= target[1] + 24 || at.y + card[1]! <= target[1];
        assert.ok(!inView || apart, `${x} ${y} is covered`);
      }
});
