/** What was, what is, and what was taken back: typing into one field within a moment is one step. */
export interface History<T> {
  now(): T;
  /** `tag` names the field; "" never joins the step before. Answers whether anything changed. */
  change(next: T, tag: string, at: number): boolean;
  undo(): boolean;
  redo(): boolean;
  canUndo(): boolean;
  canRedo(): boolean;
}

const ONE_GO_MS = 1500;
const MOST = 200;

export function openHistory<T>(first: T): History<T> {
  let now = first;
  let past: T[] = [];
  let future: T[] = [];
  let last = { tag: "", at: 0 };
  return {
    now: () => now,
    change(next, tag, at) {
      if (next === now) return false;
      const joins = tag !== "" && tag === last.tag && at - last.at < ONE_GO_MS;
      if (!joins) past = [...past, now].slice(-MOST);
      future = [];
      now = next;
      last = { tag, at };
      return true;
    },
    undo() {
      const before = past.at(-1);
      if (before === undefined) return false;
      future = [now, ...future];
      past = past.slice(0, -1);
      now = before;
      last.tag = "";
      return true;
    },
    redo() {
      const [after, ...rest] = future;
      if (after === undefined) return false;
      past = [...past, now];
      future = rest;
      now = after;
      last.tag = "";
      return true;
    },
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
  };
}
