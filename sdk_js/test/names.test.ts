import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OURS } from "../names.mjs";

declare const ROOT: string;
const source = (name: string) => readFileSync(`${ROOT}/sdk_js/src/${name}`, "utf8");

test("no name that is shortened in the bundles is one of the wire, of the options or of the methods", () => {
  const outside = [source("wire.ts"), source("core/sdk.ts").split("/** What is remembered")[0]!];
  const names = new Set(outside.flatMap((text) => [...text.matchAll(/([\w$]+)\??:/g)].map(([, name]) => name)));
  const methods = source("core/sdk.ts").split("\n  const sdk = {")[1]!.matchAll(/^    (\w+)/gm);
  for (const [, name] of methods) names.add(name);
  assert.ok(names.has("guides") && names.has("quiet_ms") && names.has("identify"));
  assert.deepEqual(OURS.filter((name: string) => names.has(name)), []);
});
