/** Puts the SDK behind the page's `milepost(...)`: one guard around the one public entry. */
import type * as Core from "./core";
import type { Load } from "./core/guides";
import type { Options, Sdk } from "./core/sdk";

type Call = [method: string, ...rest: any[]];
type Entry = ((...call: Call) => unknown) & { q?: Call[] };

/**
 * `base` is the server's address, `key` the write key of the script tag (none: `init` brings it).
 * Calls that waited in the stub are made now.
 */
export function attach(win: Window & { milepost?: Entry }, { createSdk, attempt, desk }: typeof Core, base: string, key: string | undefined, load: Load): void {
  let sdk: Sdk | undefined;
  const early: Call[] = [];
  let begun: unknown;
  const init = (writeKey: string | undefined, options: Options = {}) => {
    if (begun || !(begun = writeKey)) return;
    const host = (options.host ?? base).replace(/\/$/, "");
    const begin = () => {
      sdk = createSdk(win, writeKey, host, options, load);
      early.splice(0).forEach((call) => entry(...call));
    };
    // A code in the address, or a session of this tab. The builder brings no guides, and hears clicks before the SDK does, so that those on itself never count.
    if (options.builder && attempt(() => /mpb_/.test(location.hash + sessionStorage.mpb_)))
      load(desk)
        .then(({ builder }) => load(builder))
        .then((one) => (load = one.open(writeKey, host, load, early)))
        .then(begin, begin);
    else begin();
  };
  const entry: Entry = (...call) =>
    attempt(() => {
      const [method, ...rest] = call;
      if (method === "init") return init(rest[0], rest[1]);
      if (!sdk) return void early.push(call);
      const answer = Object.keys(sdk).includes(method) && (sdk as any)[method](...rest);
      if (method === "destroy") begun = sdk = undefined;
      return answer || undefined;
    });
  const queued = win.milepost?.q ?? [];
  win.milepost = entry;
  if (!queued.some(([method]) => method === "init")) init(key);
  queued.forEach((call) => entry(...call));
}
