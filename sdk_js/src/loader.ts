/**
 * /sdk/milepost.js: short-lived, tiny. Brings the core, whose address never changes its bytes, checked against its
 * hash before it runs. `import()` and `modulepreload` work under Trusted Types 'none', where `script.src` does not.
 */
import { attach } from "./attach";

/** The sha384 of the core, in base64; the first characters of such a hash name the file. The core knows the others. */
declare const CORE: string;
declare const VERSION: string;

(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  if (!script) return;
  const base = script.src.replace(/.sdk.milepost\.js.*/, "");
  const bring = async (hash: string): Promise<any> => {
    const path = `${base}/sdk/${VERSION}/${hash.slice(0, 24).replace(/\W/g, "-")}.js`;
    const link = document.createElement("link");
    if (link.relList.supports("modulepreload"))
      await new Promise((done, fail) => {
        link.rel = "modulepreload";
        link.integrity = "sha384-" + hash;
        link.crossOrigin = "anonymous";
        link.href = path;
        link.onload = done;
        link.onerror = fail;
        document.documentElement.append(link);
      }).finally(() => link.remove());
    return import(path);
  };
  bring(CORE)
    .then((core) => attach(window, core, base, script.dataset.key, bring))
    .catch(() => {});
})();
