/**
 * Builds every bundle into server/milepost/web/static/sdk, with manifest.json (addresses, hashes, sizes).
 * `--check` builds in memory and fails when a committed byte differs or a budget is broken.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../server/milepost/web/static/sdk");
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
/** Bytes after gzip -9; the core's budget includes the loader, since both come before anything works. */
const BUDGETS = { stub: 900, core: 6000, view: 6500 };

const styles = {
  name: "styles",
  setup(building) {
    building.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

async function bundle(entry, format, define = {}) {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    charset: "utf8",
    target: ["chrome86", "safari16", "firefox102"],
    format,
    legalComments: "none",
    logLevel: "warning",
    plugins: [styles],
    define: { VERSION: JSON.stringify(version), ...define },
  });
  return Buffer.from(outputFiles[0].contents);
}

function chunk(name, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 20);
  const integrity = "sha384-" + createHash("sha384").update(bytes).digest("base64");
  return { name, bytes, file: `${version}/${hash}.js`, path: `/sdk/${version}/${hash}.js`, integrity, size: bytes.length, gzip: zipped(bytes) };
}

const zipped = (bytes) => gzipSync(bytes, { level: 9 }).length;

export async function buildAll() {
  const core = chunk("core", await bundle("src/core/index.ts", "esm"));
  const view = chunk("view", await bundle("src/view/index.ts", "esm"));
  const link = ({ path, integrity }) => JSON.stringify({ path, integrity });
  const loader = await bundle("src/loader.ts", "iife", { CORE: link(core), VIEW: link(view) });
  const stub = await bundle("src/stub.ts", "iife");
  const files = { "milepost.js": loader, "stub.js": stub, [core.file]: core.bytes, [view.file]: view.bytes };
  const gzip = { stub: zipped(stub), loader: zipped(loader), core: core.gzip, view: view.gzip };
  const chunks = Object.fromEntries(
    [core, view].map(({ name, path, integrity, size, gzip: small }) => [name, { path, integrity, size, gzip: small }]),
  );
  const manifest = { version, loader: { path: "/sdk/milepost.js", size: loader.length, gzip: gzip.loader }, stub: { size: stub.length, gzip: gzip.stub }, chunks };
  files["manifest.json"] = Buffer.from(JSON.stringify(manifest, null, 2) + "\n");
  return { files, gzip };
}

const faults = ({ gzip }) =>
  [
    ["stub", gzip.stub],
    ["core", gzip.core + gzip.loader],
    ["view", gzip.view],
  ]
    .filter(([name, size]) => size > BUDGETS[name])
    .map(([name, size]) => `${name}: ${size} B gzip, ${BUDGETS[name]} B allowed`);

function stale(files) {
  const there = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath ?? one.path, one.name).slice(out.length + 1));
  const changed = Object.keys(files).filter((name) => !there.includes(name) || !files[name].equals(readFileSync(join(out, name))));
  const extra = there.filter((name) => !files[name]);
  return [...changed, ...extra].map((name) => `${name} is not what the sources give; run: node sdk_js/build.mjs`);
}

async function main() {
  const built = await buildAll();
  console.log(`gzip -9: ${Object.entries(built.gzip).map(([name, size]) => `${name} ${size}`).join(", ")}`);
  const checking = process.argv.includes("--check");
  if (!checking) {
    rmSync(out, { recursive: true, force: true });
    for (const [name, bytes] of Object.entries(built.files)) {
      mkdirSync(dirname(join(out, name)), { recursive: true });
      writeFileSync(join(out, name), bytes);
    }
  }
  const wrong = [...faults(built), ...(checking ? stale(built.files) : [])];
  wrong.forEach((line) => console.error(line));
  process.exitCode = wrong.length ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
