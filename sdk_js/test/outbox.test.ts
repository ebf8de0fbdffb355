import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { openOutbox } from "../src/core/outbox";
import { openScope } from "../src/core/scope";
import type { Answer, Post } from "../src/core/transport";
import type { Store } from "../src/core/store";
import type { Event } from "../src/wire";

const memory = (): Store & { kept: Map<string, string> } => {
  const kept = new Map<string, string>();
  return {
    kept,
    read: (name) => JSON.parse(kept.get(name) ?? "null") ?? undefined,
    write: (name, value) => void (value === undefined ? kept.delete(name) : kept.set(name, JSON.stringify(value))),
    names: (prefix) => [...kept.keys()].filter((name) => name.startsWith(prefix)),
  };
};

let made = 0;
const event = (more: object = {}): Event => ({ type: "track", event: "Used", messageId: `m${made++}`, timestamp: "2026-11-24T10:00:00.000Z", anonymousId: "a", context: {}, ...more });
const ok: Answer = { status: 200, body: { success: true }, retry_ms: 0 };
const down: Answer = { status: 0, body: null, retry_ms: 0 };

/** An outbox whose server answers in turn (the last answer for ever), with hands on its clock. */
function open(answers: Partial<Answer>[] = [ok], store = memory()) {
  const sent: { batch: Event[]; at: number }[] = [];
  const beacons: string[] = [];
  let takes = true;
  const post: Post = async (_path, body) => {
    sent.push({ batch: JSON.parse(body).batch, at: Date.now() });
    return { ...down, ...(answers.length > 1 ? answers.shift() : answers[0]) };
  };
  const win = { navigator: { sendBeacon: (_to: string, body: string) => takes && beacons.push(body) > 0 } } as unknown as Window;
  const outbox = openOutbox(win, "https://m.test", "pk_1", store, post, openScope(), () => Date.now());
  const ids = () => sent.flatMap(({ batch }) => batch.map(({ messageId }) => messageId));
  return { outbox, sent, ids, store, beacons, refuseBeacons: () => (takes = false) };
}

const pass = async (ms: number) => {
  for (let at = 0; at < ms; at += 100) {
    mock.timers.tick(100);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }
};

const timed = (name: string, run: () => Promise<void>) =>
  test(name, async () => {
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.UTC(2026, 10, 24) });
    try {
      await run();
    } finally {
      mock.timers.reset();
    }
  });

timed("events of a moment go in one batch and leave the storage once acknowledged", async () => {
  const { outbox, sent, store } = open();
  outbox.put(event());
  outbox.put(event());
  assert.equal(store.kept.size, 1);
  await pass(1000);
  assert.deepEqual(sent.map(({ batch }) => batch.length), [2]);
  assert.equal(store.kept.size, 0);
});

timed("a failure is tried again with the same ids, later each time", async () => {
  const { outbox, sent, ids } = open([down, { status: 500 }, { status: 200, body: null }, ok]);
  const one = event();
  outbox.put(one);
  await pass(60_000);
  assert.deepEqual(ids(), [one.messageId, one.messageId, one.messageId, one.messageId]);
  const waits = sent.slice(1).map(({ at }, i) => at - sent[i]!.at);
  waits.forEach((wait, i) => assert.ok(wait >= 500 * 2 ** i && wait <= 1500 * 2 ** i + 100, `${waits}`));
});

timed("two clients that fail together do not come back together", async () => {
  const gaps = new Set<number>();
  for (let i = 0; i < 8; i++) {
    const { outbox, sent } = open([down, ok]);
    outbox.put(event());
    await pass(3000);
    gaps.add(sent[1]!.at - sent[0]!.at);
  }
  assert.ok(gaps.size > 2, `${[...gaps]}`);
});

timed("Retry-After is honoured, whatever asks for a flush", async () => {
  const { outbox, sent } = open([{ status: 429, retry_ms: 20_000 }, ok]);
  outbox.put(event());
  await pass(5000);
  outbox.flush();
  outbox.put(event());
  await pass(10_000);
  assert.equal(sent.length, 1);
  await pass(10_000);
  assert.equal(sent.length, 2);
  assert.equal(sent[1]!.batch.length, 2);
});

timed("what the server refuses for good is dropped, and told with the next success", async () => {
  const { outbox, sent, store } = open([{ status: 400, body: {} }, ok]);
  outbox.put(event());
  await pass(1000);
  outbox.put(event());
  await pass(3000);
  const told = sent.flatMap(({ batch }) => batch).filter((one) => one.event === "$dropped");
  assert.deepEqual(told.map((one) => one.properties), [{ events: 1 }]);
  assert.equal(store.kept.size, 0);
});

timed("a refused key is not the events' fault: they stay", async () => {
  const { outbox, ids } = open([{ status: 401, body: {} }, ok]);
  const one = event();
  outbox.put(one);
  await pass(5000);
  assert.deepEqual(ids(), [one.messageId, one.messageId]);
});

timed("a batch that is too large is halved until it fits", async () => {
  const { outbox, sent, ids } = open([{ status: 413, body: {} }, { status: 413, body: {} }, ok]);
  const all = Array.from({ length: 8 }, () => event());
  all.forEach(outbox.put);
  await pass(60_000);
  assert.deepEqual(sent.map(({ batch }) => batch.length), [8, 4, 2, 2, 2, 2]);
  assert.deepEqual(new Set(ids()), new Set(all.map(({ messageId }) => messageId)));
});

timed("a batch holds at most fifty events and stays under the beacon's quota", async () => {
  const { outbox, sent } = open();
  for (let i = 0; i < 120; i++) outbox.put(event({ properties: { text: "x".repeat(2000) } }));
  await pass(10_000);
  assert.equal(sent.flatMap(({ batch }) => batch).length, 120);
  for (const { batch } of sent) assert.ok(batch.length <= 50 && JSON.stringify(batch).length < 64_000);
});

timed("an outage keeps a bounded number, the newest, and counts the rest", async () => {
  const answers: Partial<Answer>[] = [down];
  const { outbox, store, sent } = open(answers);
  for (let i = 0; i < 1000; i++) outbox.put(event());
  assert.ok([...store.kept.values()].join("").length < 410_000);
  answers[0] = ok;
  await pass(200_000);
  const arrived = sent.flatMap(({ batch }) => batch);
  const told = arrived.filter((one) => one.event === "$dropped").reduce((sum, one) => sum + (one.properties as { events: number }).events, 0);
  const stored = new Set(arrived.filter((one) => one.event === "Used").map((one) => one.messageId)).size;
  assert.equal(stored + told, 1000);
});

timed("an event that is too large, or no JSON, is dropped alone and counted", async () => {
  const { outbox, sent } = open();
  const loop: { self?: object } = {};
  loop.self = loop;
  outbox.put(event({ properties: loop }));
  outbox.put(event({ properties: { text: "x".repeat(40_000) } }));
  outbox.put(event());
  await pass(3000);
  const arrived = sent.flatMap(({ batch }) => batch);
  assert.deepEqual(arrived.map((one) => one.event), ["Used", "$dropped"]);
  assert.deepEqual(arrived[1]!.properties, { events: 2 });
});

timed("a new page sends what an earlier one left, then clears it", async () => {
  const store = memory();
  const first = open([down], store);
  const one = event();
  first.outbox.put(one);
  const second = open([ok], store);
  await pass(1000);
  assert.ok(second.ids().includes(one.messageId));
});

timed("a beacon takes what waits; what it does not take stays for the next page", async () => {
  const { outbox, beacons, store, refuseBeacons } = open([down]);
  outbox.put(event());
  outbox.beacon();
  assert.equal(JSON.parse(beacons[0]!).batch.length, 1);
  refuseBeacons();
  outbox.put(event());
  outbox.beacon();
  assert.equal(beacons.length, 1);
  assert.equal(JSON.parse([...store.kept.values()][0]!).length, 2);
});

timed("the server's clock moves the times of what was never sent, and of nothing else", async () => {
  const { outbox, sent } = open([down, ok]);
  outbox.put(event());
  await pass(500);
  outbox.put(event());
  outbox.shift(3_600_000);
  await pass(5000);
  assert.deepEqual(sent[1]!.batch.map(({ timestamp }) => timestamp), ["2026-11-24T10:00:00.000Z", "2026-11-24T11:00:00.000Z"]);
});
