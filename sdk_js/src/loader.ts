/**
 * /sdk/milepost.js: short-lived, tiny. Brings the core, whose address never changes its bytes, checked against its
 * hash before it runs. `import()` and `modulepreload` work under Trusted Types 'none', where `script.src` does not.
 */
declare const CORE: { path: string; integrity: string };
declare const VIEW: { path: string; integrity: string };

(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  if (!script) return;
  const base = script.src.replace(/\/sdk\/milepost\.js.*/, "");
  const bring = async ({ path, integrity }: typeof CORE): Promise<any> => {
    const link = document.createElement("link");
    if (link.relList.supports("modulepreload"))
      await new Promise((done, fail) => {
        link.rel = "modulepreload";
        link.integrity = integrity;
        link.crossOrigin = "anonymous";
        link.href = base + path;
        link.onload = done;
        link.onerror = fail;
        document.documentElement.append(link);
      }).finally(() => link.remove());
    return import(base + path);
  };
  bring(CORE)
    .then((core) => core.attach(window, base, script.dataset.key, () => bring(VIEW).then((view) => view.play)))
    .catch(() => {});
})();
