import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fitsPage, globOf, matchesGlob, pathTemplate } from "../src/core/paths";

declare const ROOT: string;
const cases = (name: string) => JSON.parse(readFileSync(`${ROOT}/guides/cases/${name}.json`, "utf8")) as any[];

test("paths become the templates of the shared cases", () => {
  for (const { address, template } of cases("paths")) assert.equal(pathTemplate(address), template, address);
});

test("globs fit as in the shared cases", () => {
  for (const { glob, path, fits } of cases("globs")) assert.equal(matchesGlob(glob, path), fits, `${glob} on ${path}`);
});

test("a template is bounded, and never carries a query or a hash", () => {
  assert.equal(pathTemplate("/a".repeat(1000)).length, 300);
  for (const address of ["/a?b=c", "/a#b", "/a?b#c", "https://host.test/a?b=c#d"]) assert.equal(pathTemplate(address), "/a");
});

test("the pages like this one are its path with a star for each id", () => {
  assert.equal(globOf("/people/42/leave"), "/people/*/leave");
  assert.ok(fitsPage([globOf("/people/42")], "/people/43"));
});

test("a page fits by its path or by its template; no globs fit everywhere", () => {
  assert.ok(fitsPage([], "/x"));
  assert.ok(fitsPage(null, "/x"));
  assert.ok(fitsPage(["/leave/42"], "/leave/42"));
  assert.ok(fitsPage(["/leave/:id"], "/leave/42"));
  assert.ok(!fitsPage(["/leave", "/roster/*"], "/leave/42"));
});
