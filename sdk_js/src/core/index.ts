/** Puts the SDK behind the page's `milepost(...)`: one guard around the one public entry. */
import type { LoadView } from "./guides";
import { createSdk, type Options, type Sdk } from "./sdk";
import { attempt } from "./scope";

type Call = [method: string, ...rest: any[]];
type Entry = ((...call: Call) => unknown) & { q?: Call[] };

/**
 * `base` is the server's address, `key` the write key of the script tag (none: `init` brings it).
 * Calls that waited in the stub are made now.
 */
export function attach(win: Window & { milepost?: Entry }, base: string, key: string | undefined, loadView: LoadView): Entry {
  let sdk: Sdk | undefined;
  let early: Call[] = [];
  const init = (writeKey: string, options: Options = {}) => {
    if (sdk || !writeKey) return;
    sdk = createSdk(win, writeKey, (options.host ?? base).replace(/\/$/, ""), options, loadView);
    early.forEach((call) => entry(...call));
    early = [];
  };
  const entry: Entry = (...call) =>
    attempt(() => {
      const [method, ...rest] = call;
      if (method === "init") return init(rest[0], rest[1]);
      if (!sdk) return void early.push(call);
      if (!Object.prototype.hasOwnProperty.call(sdk, method)) return;
      const answer = (sdk as any)[method](...rest);
      if (method === "destroy") sdk = undefined;
      return answer;
    });
  const queued = win.milepost?.q ?? [];
  if (key && !queued.some((call) => call[0] === "init")) init(key);
  queued.forEach((call) => entry(...call));
  return (win.milepost = entry);
}
