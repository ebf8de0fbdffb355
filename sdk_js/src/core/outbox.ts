/**
 * Events on their way: kept in storage until the server has answered 200, so that a page load, a crash or an outage
 * loses none; the server counts repeats once by messageId.
 */
import type { Event } from "../wire";
import { newId } from "./ids";
import { attempt, type Scope } from "./scope";
import type { Store } from "./store";
import type { Post } from "./transport";

export interface Outbox {
  put(event: Event): void;
  /** Sends now what waits, unless a failure asked for patience. */
  flush(): void;
  /** The last chance before the page may go: a beacon; what it does not take stays stored. */
  beacon(): void;
  /** What waits is never sent. */
  drop(): void;
  /** Moves the times of what was never sent, once the server's clock is known. */
  shift(delta_ms: number): void;
}

interface Waiting {
  e: Event;
  /** Sent at least once: its time must not change any more. */
  s?: 1;
}

const MOST_WAITING = 400;
const MOST_BYTES = 400_000;
const MOST_EVENT = 30_000;
const MOST_BODY = 55_000;
const MOST_BATCH = 50;
const SOON = 400;

export function openOutbox(win: Window, base: string, writeKey: string, store: Store, post: Post, scope: Scope, now: () => number): Outbox {
  // One entry per page load: two tabs never overwrite each other; what a dead page left is taken over.
  const home = newId("q.", now());
  let waiting: Waiting[] = [];
  let dropped = 0;
  let sending = false;
  let failures = 0;
  let not_before = 0;
  let most = MOST_BATCH;
  let timer: (() => void) | undefined;
  store.names("q.").forEach((name) => {
    const left = store.read<Waiting[]>(name);
    if (Array.isArray(left)) waiting.push(...left.filter((one) => one?.e?.messageId));
    store.write(name, undefined);
  });

  const save = () => {
    let size = 0;
    let keep = waiting.length;
    while (keep && waiting.length - keep < MOST_WAITING && (size += JSON.stringify(waiting[keep - 1]).length) < MOST_BYTES) keep--;
    dropped += keep;
    waiting.splice(0, keep);
    store.write(home, waiting.length ? waiting : undefined);
  };

  const pack = () => {
    const batch: Waiting[] = [];
    let size = 0;
    for (const one of waiting) {
      size += JSON.stringify(one.e).length;
      if (batch.length >= most || (batch.length && size > MOST_BODY)) break;
      batch.push(one);
    }
    return batch;
  };
  const body = (batch: Waiting[]) =>
    JSON.stringify({ writeKey, sentAt: new Date(now()).toISOString(), batch: batch.map((one) => one.e) });

  const later = (delay_ms: number) => {
    timer ??= scope.after(Math.max(delay_ms, not_before - Date.now()), () => {
      timer = undefined;
      return send();
    });
  };

  const send = async () => {
    const batch = pack();
    if (sending || !batch.length) return;
    sending = true;
    batch.forEach((one) => (one.s = 1));
    const { status, body: receipt, retry_ms } = await post("/v1/batch", body(batch));
    sending = false;
    const refused = status >= 400 && status < 500 && ![401, 408, 413, 429].includes(status);
    if (status === 413 && most > 1) {
      most = batch.length >> 1 || 1;
    } else if ((status === 200 && receipt) || refused || status === 413) {
      failures = 0;
      if (status !== 200) dropped += batch.length;
      waiting = waiting.filter((one) => !batch.includes(one));
      if (status === 200 && dropped) note();
    } else {
      const backoff = Math.min(120_000, 1000 * 2 ** failures++) * (0.5 + Math.random());
      not_before = Date.now() + Math.max(backoff, retry_ms);
    }
    save();
    if (waiting.length) later(0);
  };

  /** What never reached the server is told, so that both books balance. */
  const note = () => {
    const like = waiting[0]?.e ?? last;
    if (!like) return;
    const { userId, anonymousId, context } = like;
    const properties = { events: dropped };
    dropped = 0;
    put({ type: "track", event: "$dropped", messageId: newId("mp-", now()), timestamp: new Date(now()).toISOString(), userId, anonymousId, properties, context });
  };

  let last: Event | undefined;
  const put = (event: Event) => {
    const text = attempt(() => JSON.stringify(event));
    if (!text || text.length > MOST_EVENT) {
      dropped++;
      return;
    }
    waiting.push({ e: (last = JSON.parse(text)) });
    save();
    later(SOON);
  };
  if (waiting.length) later(SOON);

  return {
    put,
    flush() {
      timer = timer?.() as undefined;
      later(0);
    },
    beacon() {
      const batch = pack();
      if (!batch.length || !attempt(() => win.navigator.sendBeacon(base + "/v1/batch", body(batch)))) return;
      batch.forEach((one) => (one.s = 1));
      save();
    },
    drop() {
      waiting = [];
    },
    shift(delta_ms) {
      waiting.forEach((one) => {
        if (!one.s) one.e.timestamp = new Date(Date.parse(one.e.timestamp) + delta_ms).toISOString();
      });
      save();
    },
  };
}
