/** Everything a part of the SDK has attached to the page, so that one call takes it all off again. */

type Off = () => void;

export interface Scope {
  /** A listener that can never throw into the page. */
  listen(target: EventTarget | null | undefined, types: string, run: (event: Event) => void, capture?: boolean): Off;
  /** A timer that can never throw into the page. */
  after(delay_ms: number, run: () => void): Off;
  /** Runs when the scope ends. */
  add(off: Off): Off;
  end(): void;
}

/** Runs it; whatever goes wrong stays in here. */
export const attempt = <T>(run: () => T): T | undefined => {
  try {
    return run();
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
      const options = { capture, passive: true };
      const names = types.split(" ");
      names.forEach((name) => target?.addEventListener(name, guarded, options));
      return add(() => names.forEach((name) => target?.removeEventListener(name, guarded, options)));
    },
    after(delay_ms, run) {
      const timer = setTimeout(() => {
        off();
        attempt(run);
      }, delay_ms);
      const off = add(() => clearTimeout(timer));
      return off;
    },
    end: () => [...offs].forEach((off) => off()),
  };
}
