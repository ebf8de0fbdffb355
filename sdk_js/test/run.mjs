/** Bundles every test of this folder and hands them to node's own runner. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "../node_modules/.tests");
const names = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
rmSync(built, { recursive: true, force: true });
mkdirSync(built, { recursive: true });
await build({
  entryPoints: names.map((name) => join(here, name)),
  outdir: built,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  loader: { ".css": "text" },
  define: { VERSION: '"test"', DESK: '"desk"', ROOT: JSON.stringify(join(here, "../..")) },
  logLevel: "warning",
});
const files = names.map((name) => join(built, name.replace(/\.ts$/, ".mjs")));
const { status } = spawnSync(process.execPath, ["--test", "--test-reporter=dot", ...files], { stdio: "inherit" });
process.exitCode = status ?? 1;
