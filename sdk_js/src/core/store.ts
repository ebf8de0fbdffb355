/** What is kept in the page's localStorage; with no storage, a full one or a forbidden one it is kept in memory. */
import { attempt } from "./scope";

export interface Store {
  read<T>(name: string): T | undefined;
  /** `undefined` takes the entry away. */
  write(name: string, value: unknown): void;
  names(prefix: string): string[];
}

/** Keys are `milepost.<write key>.<name>`; all of them are listed in the reference. */
export function openStore(win: Window, key: string, wanted: () => boolean): Store {
  const area = () => (wanted() ? win.localStorage : undefined)!;
  const memory = new Map<string, string>();
  const home = "milepost." + key + ".";
  return {
    read(name) {
      const text = memory.get(name) ?? attempt(() => area().getItem(home + name));
      return attempt(() => (text ? JSON.parse(text) : undefined));
    },
    write(name, value) {
      memory.delete(name);
      if (value === undefined) {
        attempt(() => area().removeItem(home + name));
        return;
      }
      const text = JSON.stringify(value);
      try {
        area().setItem(home + name, text);
      } catch {
        memory.set(name, text);
      }
    },
    names: (prefix) =>
      attempt(() =>
        Object.keys(area())
          .filter((name) => name.startsWith(home + prefix))
          .map((name) => name.slice(home.length)),
      ) ?? [],
  };
}
