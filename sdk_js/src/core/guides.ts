/** When a guide may begin: the server said who may see what, the page says when; one guide at a time. */
import type { Player } from "../stage";
import type { BootAnswer, Event, Guide } from "../wire";
import { INPUT, locate } from "./locate";
import { fitsPage } from "./paths";
import { attempt, openScope, type Scope } from "./scope";
import type { Store } from "./store";
import type { Answer } from "./transport";
import { watchPage } from "./watch";

/** Brings a chunk by its hash. */
export type Load = (hash: string) => Promise<any>;

/** The sha384 of two chunks, in base64: the view, and the desk, which knows the rest. */
declare const VIEW: string;
declare const DESK: string;

export type Handler = (detail: any) => unknown;

/** A run under way, kept across page loads with the frozen guide itself. */
export interface RunState {
  run: string;
  step?: string | null;
  shown?: boolean;
  free: boolean;
  at: number;
  doc: Guide;
}

export interface Host {
  win: Window;
  scope: Scope;
  quiet_ms: number;
  locale(): string;
  load: Load;
  rules(): BootAnswer;
  run(): RunState | undefined;
  /** The run that ended last, so that a slow server does not bring it back. */
  ended(): string | undefined;
  keep(run?: RunState): void;
  put(event: Partial<Event>): void;
  flush(): void;
  /** Who listens to what. */
  handlers: Map<string, Set<Handler>>;
  /** Asks the server, saying who asks. */
  say(path: string, body: object, timeout_ms?: number): Promise<Answer>;
  /** Asks what there is for this person on this page. */
  boot(): Promise<Answer>;
  store: Store;
  now(): number;
}

/** What the desk is given besides: the core's own eyes and hands. */
export interface Tools extends Host {
  openScope(): Scope;
  locate: typeof locate;
  watch: typeof watchPage;
  fits(pages?: string[] | null): boolean;
  show(guide: string, step?: string | number, linked?: boolean): void;
  offered(): Guide[];
}

export interface Guides {
  /** What the server offers; nothing when it did not answer. */
  offer(answer?: BootAnswer): void;
  onRoute(): void;
  onTrack(name: string): void;
  show(guide: string, step?: string | number): void;
  /** A link of the page's address may ask for a guide. */
  follow(): void;
  stop(): void;
}

export const RUN_MS = 1_800_000;
const TYPING_MS = 10_000;
const FIELD = INPUT + ",textarea,select,[contenteditable]";

export function openGuides(host: Host): Guides {
  const { win, scope, quiet_ms, load, run: kept, ended, keep, store, now } = host;
  const doc = win.document;
  const since = Date.now();
  const asked = new Set<string>();
  const fired = new Set<string>();
  const watching = openScope();
  /** Of what stands in the page for this person. */
  const life = openScope();
  let offered: Guide[] = [];
  let wanted: [string, (string | number)?] | undefined;
  let answered = false;
  let no_tips: unknown;
  let busy = false;
  /** Raised by each beginning and each stop: whoever waited in between has been overtaken. */
  let begun = 0;
  let player: Player | undefined;
  let typed_at = 0;
  let dirty: Element | null = null;
  let calm: (() => void) | undefined;
  const fits = (pages?: string[] | null) => fitsPage(pages, win.location.pathname);

  /** Not in the first seconds, not while typing, not over a half-filled form or the host's own dialog. */
  const isQuiet = (): boolean => {
    const wait = Math.max(since + quiet_ms, typed_at + TYPING_MS) - Date.now();
    calm?.();
    if (wait > 0) calm = scope.after(wait, consider);
    return !(wait > 0 || dirty?.isConnected || doc.activeElement?.matches(FIELD) || doc.querySelector("dialog[open],[aria-modal=true]"));
  };

  const isDue = ({ trigger: { on = "page", event, target } = {} }: Guide) =>
    on === "page" || (on === "event" && fired.has(event!)) || (on === "element" && locate(target!, doc).el);

  const consider = () => {
    watching.end();
    if (busy || player || no_tips) return;
    const here = offered.filter((guide) => guide.steps[0] && !asked.has(guide.guide) && fits(guide.pages));
    const due = here.find(isDue);
    if (!due && here.some((guide) => guide.trigger?.on === "element")) watchPage(doc, watching, consider);
    if (due && isQuiet()) begin(due, due.budget === "free");
  };

  const begin = (guide: Guide, free: boolean, from?: string | number, resumed?: RunState, linked?: boolean) => {
    busy = true;
    asked.add(guide.guide);
    void attempt(() => start(guide, free, from, resumed, linked));
  };

  const start = async (guide: Guide, free: boolean, from?: string | number, resumed?: RunState, linked?: boolean) => {
    const mine = ++begun;
    const view = load(VIEW).catch(() => undefined);
    const play = await load(DESK)
      .then(({ prepare }) => prepare({ ...tools, guide, free, from, resumed, linked, view }))
      .catch(() => undefined);
    if (mine !== begun) return;
    busy = false;
    if (!play) return consider();
    player = attempt(() =>
      play((next: string | undefined, off: boolean) => {
        player = undefined;
        no_tips ||= off;
        if (next) show(next);
        else consider();
      }),
    );
    if (!player) keep();
  };

  const show = (name: string, step?: string | number, linked?: boolean) => {
    const found = offered.find((one) => one.steps[0] && (one.guide === name || one.key === name));
    if (!answered || busy || !found) wanted = [name, step];
    // One that stands on the screen stays as it is; one that waits unseen begins anew.
    else if (found.guide !== kept()?.doc.guide || !doc.querySelector("milepost-guide")) {
      player?.close();
      begin(found, true, step, undefined, linked);
    }
  };

  const tools: Tools = { ...host, openScope, locate, watch: watchPage, fits, show, offered: () => offered };

  scope.listen(
    doc,
    "input focusout submit reset close click",
    ({ type, target }) => {
      if (type === "input") {
        typed_at = Date.now();
        dirty = (target as Element).closest("form");
      } else {
        if (type === "submit" || type === "reset") dirty = null;
        if (answered) scope.after(50, consider);
      }
    },
    true,
  );
  scope.add(watching.end);

  const follow = () => {
    if (answered && !busy && (/milepost=/.test(win.location.hash) || store.read("link"))) void attempt(async () => (await load(DESK)).follow(tools));
  };

  return {
    offer(answer) {
      // Below the browser floor usage is told, and nothing shown.
      if (!doc.adoptedStyleSheets) return;
      answered = true;
      offered = answer?.guides ?? offered;
      life.end();
      if (answer?.standing) void attempt(async () => (await load(DESK)).stand(tools, life, answer, load(VIEW)));
      no_tips = answer?.no_tips;
      if (busy || player) return;
      const mine = kept();
      const open = answer?.open_runs?.find((one) => one.run !== ended());
      if (mine && now() - mine.at < RUN_MS && (!answer?.open_runs || open?.run === mine.run)) return begin(mine.doc, mine.free, undefined, mine);
      if (mine) keep();
      const left = open && offered.find((one) => one.guide === open.guide && one.version === open.version);
      const free = left?.budget === "free";
      const wish = wanted;
      wanted = undefined;
      if (left) begin(left, free, undefined, { run: open.run, step: open.step, shown: true, free, at: now(), doc: left });
      else if (wish) show(...wish);
      if (!busy) consider();
      follow();
    },
    follow,
    onRoute() {
      dirty = null;
      if (player) player.onRoute();
      else consider();
    },
    onTrack(name) {
      fired.add(name);
      player?.onTrack(name);
      consider();
    },
    show,
    stop() {
      busy = false;
      life.end();
      begun++;
      player?.stop();
      player = wanted = undefined;
      offered = [];
      asked.clear();
      fired.clear();
    },
  };
}
