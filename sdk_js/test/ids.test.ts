import assert from "node:assert/strict";
import { test } from "node:test";
import { newId } from "../src/core/ids";

test("an id is its prefix and a UUIDv7 that carries the time", () => {
  const now = Date.UTC(2026, 10, 24);
  const id = newId("run_", now);
  assert.match(id, /^run_[\da-f]{12}7[\da-f]{3}[89ab][\da-f]{15}$/);
  assert.equal(parseInt(id.slice(4, 16), 16), now);
});

test("ten thousand ids of one millisecond differ, and later ones sort later", () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => newId("", 1)));
  assert.equal(ids.size, 10_000);
  assert.ok(newId("", 1000) < newId("", 1001));
});
