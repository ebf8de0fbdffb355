/** Everything a part of the SDK has attached to the page, so that one call takes it all off again. */

type Off = () => void;

export interface Scope {
  /** A listener that can never throw into the page. */
  listen(target: EventTarget | null | undefined, types: string, run: (event: Event) => unknown, capture?: boolean): Off;
  /** A timer that can never throw into the page. */
  after(delay_ms: number, run: () => unknown): Off;
  /** Runs when the scope ends. */
  add(off: Off): Off;
  end(): void;
}

/** Runs it; whatever goes wrong, now or later, stays in here. */
export const attempt = <T>(run: () => T): T | undefined => {
  try {
    const made = run();
    if (made instanceof Promise) made.catch(() => {});
    return made;
  } catch {
    return undefined;
  }
};

export function openScope(): Scope {
  const offs = new Set<Off>();
  const add = (off: Off): Off => {
    const once = () => {
      if (offs.delete(once)) attempt(off);
    };
    offs.add(once);
    return once;
  };
  return {
    add,
    listen(target, types, run, capture = false) {
      const guarded = (event: Event) => attempt(() => run(event));
      const names = types.split(" ");
      names.forEach((name) => target?.addEventListener(name, guarded, capture));
      return add(() => names.forEach((name) => target?.removeEventListener(name, guarded, capture)));
    },
    after(delay_ms, run) {
      const timer = setTimeout(
        () =>
          attempt(() => {
            off();
            return run();
          }),
        delay_ms,
      );
      const off = add(() => clearTimeout(timer));
      return off;
    },
    end: () => [...offs].forEach((off) => off()),
  };
}
