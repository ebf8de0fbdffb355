import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, openScope } from "../src/core/scope";
import { openStore } from "../src/core/store";
import { lookOf } from "../src/desk/theme";
import { safeUrl } from "../src/view/dom";
import { EN } from "../src/view/words";
import { words as ZH } from "../src/view/words.zh";

test("core and view can be imported where there is no window", async () => {
  assert.equal(typeof globalThis.window, "undefined");
  assert.equal(typeof (await import("../src/core")).createSdk, "function");
  assert.equal(typeof (await import("../src/view")).play, "function");
});

test("what fails stays inside", () => {
  assert.equal(attempt(() => 1), 1);
  assert.equal(
    attempt(() => {
      throw new Error("no");
    }),
    undefined,
  );
});

test("a scope takes off all it put on, and its listeners never throw into the page", () => {
  const page = new EventTarget();
  const scope = openScope();
  let heard = 0;
  scope.listen(page, "a b", () => heard++);
  scope.listen(page, "a", () => {
    throw new Error("ours alone");
  });
  page.dispatchEvent(new Event("a"));
  page.dispatchEvent(new Event("b"));
  scope.end();
  page.dispatchEvent(new Event("a"));
  assert.equal(heard, 2);
});

test("a timer of an ended scope never runs", async () => {
  const scope = openScope();
  let ran = 0;
  scope.after(1, () => ran++);
  const off = scope.after(1, () => ran++);
  off();
  scope.end();
  await new Promise((done) => setTimeout(done, 20));
  assert.equal(ran, 0);
});

test("one part of a scope that fails to end does not keep the others", () => {
  const scope = openScope();
  let ended = 0;
  scope.add(() => {
    throw new Error("no");
  });
  scope.add(() => ended++);
  scope.end();
  scope.end();
  assert.equal(ended, 1);
});

const page = (localStorage: object) => ({ localStorage }) as unknown as Window;
const area = () => {
  const kept: Record<string, string> = {};
  const methods = {
    getItem: (name: string) => kept[name] ?? null,
    setItem: (name: string, text: string) => void (kept[name] = text),
    removeItem: (name: string) => void delete kept[name],
  };
  Object.entries(methods).forEach(([name, value]) => Object.defineProperty(kept, name, { value, configurable: true }));
  return kept as any;
};

test("the store keeps under its own key, and takes away", () => {
  const kept = area();
  const store = openStore(page(kept), "pk_1", () => true);
  store.write("me", { a: 1 });
  store.write("q.1", [2]);
  assert.deepEqual(Object.keys(kept), ["milepost.pk_1.me", "milepost.pk_1.q.1"]);
  assert.deepEqual(store.read("me"), { a: 1 });
  assert.deepEqual(store.names("q."), ["q.1"]);
  store.write("me", undefined);
  assert.equal(store.read("me"), undefined);
  assert.deepEqual(Object.keys(kept), ["milepost.pk_1.q.1"]);
});

test("a full, a forbidden and an unwanted storage keep in memory", () => {
  const full = area();
  Object.defineProperty(full, "setItem", {
    value() {
      throw new Error("quota");
    },
  });
  const forbidden = {
    get localStorage() {
      throw new Error("denied");
    },
  } as unknown as Window;
  const kept = area();
  for (const store of [openStore(page(full), "k", () => true), openStore(forbidden, "k", () => true), openStore(page(kept), "k", () => false)]) {
    store.write("me", { a: 1 });
    assert.deepEqual(store.read("me"), { a: 1 });
    assert.deepEqual(store.names("q."), []);
  }
  assert.deepEqual(Object.keys(kept), []);
});

test("garbage in the storage reads as nothing", () => {
  const kept = area();
  kept["milepost.k.me"] = "{not json";
  assert.equal(openStore(page(kept), "k", () => true).read("me"), undefined);
});

test("only https, mail and paths of the host product are addresses", () => {
  for (const good of ["https://a.test/x", "mailto:a@b.test", "/leave", "/"]) assert.equal(safeUrl(good), good);
  for (const bad of ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "http://a.test", "//a.test", "/\\a.test", "", null, undefined])
    assert.equal(safeUrl(bad), false, String(bad));
});

test("Chinese has a word for each English one", () => {
  assert.equal(ZH.length, EN.length);
  ZH.forEach((word, i) => {
    assert.match(word, /\p{Script=Han}/u);
    assert.equal(word.split("#").length, EN[i]!.split("#").length);
  });
});

const scheme = (colorScheme: string, prefersDark: boolean) => {
  (globalThis as any).getComputedStyle = () => ({ colorScheme });
  return { document: {}, matchMedia: () => ({ matches: prefersDark }) } as unknown as Window;
};

test("a guide is dark where the theme says so, else where the page is", () => {
  assert.equal(lookOf(scheme("normal", true)).dark, false);
  assert.equal(lookOf(scheme("dark", false)).dark, true);
  assert.equal(lookOf(scheme("light dark", true)).dark, true);
  assert.equal(lookOf(scheme("light dark", false)).dark, false);
  assert.equal(lookOf(scheme("dark", true), { mode: "light" }).dark, false);
  assert.equal(lookOf(scheme("normal", false), { mode: "dark" }).dark, true);
});

test("the dark values stand over the light ones, in the dark only", () => {
  const theme = { light: { accent: "#111", radius: "4px" }, dark: { accent: "#eee" } };
  assert.deepEqual(lookOf(scheme("dark", true), theme).values, { accent: "#eee", radius: "4px" });
  assert.deepEqual(lookOf(scheme("light", true), theme).values, { accent: "#111", radius: "4px" });
});
