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
import { minify } from "terser";
import { OURS } from "./names.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../server/milepost/web/static/sdk");
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
/**
 * Bytes after gzip -9. The stub's budget includes the short-lived loader: it is what a page fetches again and again.
 * The builder is for authors alone; no end user loads it.
 * Words in another language are a small chunk of their own, fetched beside the view by those who read it.
 */
const BUDGETS = { stub: 900, core: 6000, view: 6500, zh: 400, builder: 24_000 };
/** Every further kind, and together with the desk that brings them. */
const KIND_BUDGET = 4000;
const KINDS_BUDGET = 16_600;

const CHUNKS = {
  view: "src/view/index.ts",
  zh: "src/view/words.zh.ts",
  banner: "src/kinds/banner.ts",
  checklist: "src/kinds/checklist.ts",
  survey: "src/kinds/survey.ts",
  resource_centre: "src/kinds/help.ts",
  builder: "src/builder/index.ts",
  desk: "src/desk/index.ts",
  core: "src/core/index.ts",
};
const HASHES = Object.fromEntries(Object.keys(CHUNKS).map((name) => [name, name === "zh" ? "CHINESE" : name.toUpperCase()]));

/** The console's islands: one bundle each, for our own pages; those that speak to the SDK's bundles share its short names. */
const islands = join(here, "../server/milepost/web/static/islands");
const ISLANDS = { editor: false, article: false, preview: true };

const styles = {
  name: "styles",
  setup(building) {
    building.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim().replace(/(--[\w-]+): |, /g, (piece, name) => (name ? name + ":" : ",")), loader: "text" };
    });
  },
};

/** What packs one bundle best packs another worse: each that has a budget takes the smallest. */
const COMPRESS = [{}, { hoist_funs: true }, { reduce_funcs: false }, { hoist_funs: true, reduce_funcs: false }, { hoist_funs: true, inline: 0, reduce_vars: false }];

/** The same short names in every bundle, since core and view speak to each other. */
const mangleCache = {};

async function bundle(entry, format, define = {}, isShort = true, ways = COMPRESS) {
  const { outputFiles, ...made } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    charset: "utf8",
    target: ["chrome86", "safari16", "firefox102"],
    // Chromium 80–90 only fail at `f?.(...spread)`, which we do not write.
    supported: { "optional-chain": true },
    format,
    ...(isShort && { mangleProps: new RegExp(`^(${OURS.join("|")})$`), mangleCache }),
    legalComments: "none",
    logLevel: "warning",
    plugins: [styles],
    define: { VERSION: JSON.stringify(version), ...define },
  });
  Object.assign(mangleCache, made.mangleCache ?? {});
  const tries = ways.map((more) =>
    minify(outputFiles[0].text, {
      module: format === "esm",
      ecma: 2020,
      compress: { passes: 3, keep_fargs: false, unsafe_arrows: true, pure_getters: true, ...more },
      format: { ascii_only: false },
    }),
  );
  return (await Promise.all(tries)).map(({ code }) => Buffer.from(code)).reduce((best, one) => (zipped(one) < zipped(best) ? one : best));
}

/** A file named after its own bytes: the first characters of their sha384, as the loader works it out too. */
function chunk(name, bytes) {
  const hash = createHash("sha384").update(bytes).digest("base64");
  const file = `${version}/${hash.slice(0, 24).replace(/\W/g, "-")}.js`;
  return { name, bytes, hash, file, path: "/sdk/" + file, integrity: "sha384-" + hash, size: bytes.length, gzip: zipped(bytes) };
}

const zipped = (bytes) => gzipSync(bytes, { level: 9 }).length;

export async function buildAll() {
  const chunks = [];
  const hashes = {};
  const add = async (name, entry) => {
    const made = chunk(name, await bundle(entry, "esm", hashes));
    chunks.push(made);
    hashes[HASHES[name]] = JSON.stringify(made.hash);
  };
  // Each knows the hashes of those before it.
  for (const [name, entry] of Object.entries(CHUNKS)) await add(name, entry);
  const loader = await bundle("src/loader.ts", "iife", hashes);
  const stub = await bundle("src/stub.ts", "iife");
  const files = { "milepost.js": loader, "stub.js": stub, ...Object.fromEntries(chunks.map(({ file, bytes }) => [file, bytes])) };
  const gzip = { stub: zipped(stub), loader: zipped(loader), ...Object.fromEntries(chunks.map((one) => [one.name, one.gzip])) };
  const manifest = {
    version,
    loader: { path: "/sdk/milepost.js", size: loader.length, gzip: gzip.loader },
    stub: { size: stub.length, gzip: gzip.stub },
    chunks: Object.fromEntries(chunks.map(({ name, path, integrity, size, gzip: small }) => [name, { path, integrity, size, gzip: small }])),
  };
  files["manifest.json"] = Buffer.from(JSON.stringify(manifest, null, 2) + "\n");
  const pages = {};
  for (const [name, isShort] of Object.entries(ISLANDS)) pages[`${name}.js`] = await bundle(`src/console/${name}.ts`, "esm", {}, isShort, COMPRESS.slice(0, 1));
  return { files, gzip, pages };
}

const faults = ({ gzip }) => {
  const { loader, ...rest } = gzip;
  const further = Object.keys(rest).filter((name) => !BUDGETS[name]);
  const together = further.reduce((sum, name) => sum + rest[name], 0);
  return Object.entries({ ...rest, stub: gzip.stub + loader, "all further kinds": together })
    .map(([name, size]) => [name, size, name === "all further kinds" ? KINDS_BUDGET : (BUDGETS[name] ?? KIND_BUDGET)])
    .filter(([, size, most]) => size > most)
    .map(([name, size, most]) => `${name}: ${size} B gzip, ${most} B allowed`);
};

function stale(files, out) {
  const there = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath ?? one.path, one.name).slice(out.length + 1));
  const changed = Object.keys(files).filter((name) => !there.includes(name) || !files[name].equals(readFileSync(join(out, name))));
  const extra = there.filter((name) => !files[name]);
  return [...changed, ...extra].map((name) => `${name} is not what the sources give; run: node sdk_js/build.mjs`);
}

function write(files, folder) {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}

async function main() {
  const built = await buildAll();
  console.log(`gzip -9: ${Object.entries(built.gzip).map(([name, size]) => `${name} ${size}`).join(", ")}`);
  const checking = process.argv.includes("--check");
  if (!checking) [[built.files, out], [built.pages, islands]].forEach(([files, folder]) => write(files, folder));
  const wrong = [...faults(built), ...(checking ? [...stale(built.files, out), ...stale(built.pages, islands)] : [])];
  wrong.forEach((line) => console.error(line));
  process.exitCode = wrong.length ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
