import assert from "node:assert/strict";
import { test } from "node:test";
import { readValue } from "../src/console/audience";
import { renamedStep } from "../src/console/behaviour";
import { at, moved, pick, put, wordsIn, withWords, withoutStep, type GuideDoc } from "../src/draft/document";
import { openHistory } from "../src/console/history";
import { blocksOf } from "../src/console/markdown";
import { toRich, toText } from "../src/console/marks";
import { withCopy } from "../src/console/steps";

const guide = (): GuideDoc => ({
  apiVersion: "guide/v1",
  key: "g",
  name: "G",
  kind: "tour",
  steps: [
    { id: "a", blocks: [{ type: "text", text: "A" }, { type: "button", id: "b", text: "Go", actions: [{ do: "go_to", step: "b" }] }] },
    { id: "b", blocks: [{ type: "text", text: { en: "B", "zh-CN": "乙" } }] },
  ],
});

test("typing into one field is one step back, and what was taken back can come again", () => {
  const history = openHistory("");
  history.change("a", "name", 0);
  history.change("ab", "name", 500);
  history.change("abc", "name", 5000);
  assert.equal(history.undo(), true);
  assert.equal(history.now(), "ab");
  history.undo();
  assert.equal(history.now(), "");
  assert.equal(history.undo(), false);
  history.redo();
  history.redo();
  assert.equal(history.now(), "abc");
  history.undo();
  history.change("new", "", 9000);
  assert.equal(history.redo(), false);
});

test("whatever the text, what is typed back is the same text with the same marks", () => {
  const signs = ["a", "名", "*", "`", "[", "]", "(", ")", "\\", " ", "**", "https://x.example/(a)"];
  let seed = 7;
  const roll = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  const flat = (rich: any) => (typeof rich === "string" ? (rich ? [{ text: rich }] : []) : rich).map((s: any) => ({ text: s.text, b: !!s.bold, i: !!s.italic, c: !!s.code, l: s.link ?? "" }));
  for (let round = 0; round < 3000; round += 1) {
    const spans = Array.from({ length: 1 + roll(4) }, (_, n) => {
      const text = Array.from({ length: 1 + roll(4) }, () => signs[roll(signs.length)]).join("");
      // Neighbours differ by their link, so that none of them is one run.
      return { text, ...(roll(2) && { code: true }), ...(roll(2) && { bold: true }), ...(roll(2) && { italic: true }), link: `https://h.example/${n}` };
    });
    assert.deepEqual(flat(toRich(toText(spans))), flat(spans), JSON.stringify(spans));
    const plain = Array.from({ length: roll(8) }, () => signs[roll(signs.length)]).join("");
    assert.deepEqual(flat(toRich(toText(plain))), flat(plain), plain);
  }
});

test("marks are read as people write them", () => {
  assert.deepEqual(toRich("Press **Ctrl K**."), [{ text: "Press " }, { text: "Ctrl K", bold: true }, { text: "." }]);
  assert.deepEqual(toRich("[here](https://a.example)"), [{ text: "here", link: "https://a.example" }]);
  assert.equal(toRich("[here](javascript:x)"), "[here](javascript:x)");
  assert.equal(toRich("2 \\* 3"), "2 * 3");
});

test("a place is changed without touching the rest, and a field taken away is gone", () => {
  const before = guide();
  const after = put(before, ["steps", 1, "pages"], ["/x"]);
  assert.deepEqual(at(after, ["steps", 1, "pages", 0]), "/x");
  assert.equal(after.steps[0], before.steps[0]);
  assert.deepEqual(put(after, ["steps", 1, "pages"], undefined), before);
  assert.deepEqual(moved(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
});

test("a translation joins the text and leaves it again", () => {
  const two = withWords("Hello", "zh-CN", "你好", "en");
  assert.deepEqual(two, { en: "Hello", "zh-CN": "你好" });
  assert.equal(withWords(two, "zh-CN", "", "en"), "Hello");
  assert.equal(wordsIn("Hello", "zh-CN", "en"), undefined);
  assert.deepEqual(["zh-TW", "zh-CN", "fr"].map((locale) => pick({ en: "Hello", "zh-CN": "你好" }, locale, "en")), ["你好", "你好", "Hello"]);
});

test("a step taken away leaves no button that goes to it, a renamed one is followed, a copy has a name of its own", () => {
  assert.deepEqual(withoutStep(guide(), 1).steps[0]!.blocks[1]!.actions, [{ do: "next" }]);
  assert.deepEqual(renamedStep(guide(), 1, "end").steps[0]!.blocks[1]!.actions, [{ do: "go_to", step: "end" }]);
  assert.deepEqual(withCopy(guide(), 0).steps.map(({ id }) => id), ["a", "step-1", "b"]);
});

test("a value is a number where numbers were seen or are compared, a list where a list is asked for", () => {
  assert.equal(readValue("is", "12", ["pro"]), "12");
  assert.equal(readValue("is", "12", [3]), 12);
  assert.equal(readValue("gte", "12", []), 12);
  assert.equal(readValue("is", "true", [false]), true);
  assert.deepEqual(readValue("in", "pro, basic", ["pro"]), ["pro", "basic"]);
  assert.equal(readValue("known", "x", []), undefined);
});

test("Markdown becomes blocks; what is no block of ours stays text", () => {
  const found = blocksOf("# Leave\n\nAsk **early**.\nThen wait.\n\n1. one\n2. two\n\n- a\n  more\n- b\n\n![Chart](https://a.example/x.png)\n\n---\n```\nx = 1\n```\n<b>no</b>", "en", "en");
  assert.deepEqual(found, [
    { type: "heading", text: "Leave" },
    { type: "text", text: [{ text: "Ask " }, { text: "early", bold: true }, { text: ". Then wait." }] },
    { type: "list", ordered: true, items: ["one", "two"] },
    { type: "list", items: ["a more", "b"] },
    { type: "image", src: "https://a.example/x.png", alt: "Chart" },
    { type: "divider" },
    { type: "code", text: "x = 1" },
    { type: "text", text: "<b>no</b>" },
  ]);
  assert.deepEqual(blocksOf("标题", "zh-CN", "en"), [{ type: "text", text: { "zh-CN": "标题" } }]);
});
