/** When a guide may begin: the server said who may see what, the page says when; one guide at a time. */
import type { Play, Player } from "../stage";
import type { BootAnswer, Guide, Progress } from "../wire";
import { locate } from "./locate";
import { fitsPage } from "./paths";
import { attempt, openScope, type Scope } from "./scope";

export type LoadView = () => Promise<Play>;

/** A run under way, kept across page loads with the frozen guide itself. */
export interface RunState {
  run: string;
  step?: string;
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
  loadView: LoadView;
  themes(): BootAnswer["themes"];
  newRun(): string;
  run(): RunState | undefined;
  /** The run that ended last, so that a slow server does not bring it back. */
  ended(): string | undefined;
  keep(run: RunState | undefined): void;
  report(properties: object): void;
  ask(name: string, detail: unknown): Promise<boolean>;
  claim(body: object): Promise<boolean>;
  now(): number;
}

export interface Guides {
  /** What the server offers; nothing when it did not answer. */
  offer(answer?: BootAnswer): void;
  onRoute(): void;
  onTrack(name: string): void;
  show(guide: string, step?: string | number): void;
  stop(): void;
}

const RUN_MS = 1_800_000;
const TYPING_MS = 10_000;
const FIELD = "input:not([type=button]):not([type=submit]):not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]";

export function openGuides(host: Host): Guides {
  const { win, scope, ask } = host;
  const doc = win.document;
  const since = Date.now();
  const asked = new Set<string>();
  const fired = new Set<string>();
  let offered: Guide[] = [];
  let wanted: [string, (string | number)?] | undefined;
  let answered = false;
  let no_tips = false;
  let busy = false;
  let player: Player | undefined;
  let typed_at = 0;
  let dirty: Element | null = null;
  let calm: (() => void) | undefined;
  let watcher: MutationObserver | undefined;

  /** Not in the first seconds, not while typing, not over a half-filled form or the host's own dialog. */
  const isQuiet = (): boolean => {
    const wait = Math.max(since + host.quiet_ms, typed_at + TYPING_MS) - Date.now();
    if (wait > 0) {
      calm?.();
      calm = scope.after(wait, consider);
      return false;
    }
    return !(dirty?.isConnected || doc.activeElement?.matches(FIELD) || doc.querySelector("dialog[open],[aria-modal=true]"));
  };

  const isDue = ({ trigger }: Guide): boolean => {
    const on = trigger?.on ?? "page";
    return on === "page" || (on === "event" && fired.has(trigger!.event!)) || (on === "element" && !!trigger!.target && !!locate(trigger!.target, doc).el);
  };

  const consider = () => {
    if (busy || player || no_tips) return;
    const here = offered.filter((guide) => !asked.has(guide.guide) && fitsPage(guide.pages, win.location.pathname));
    const due = here.find(isDue);
    const waits = !due && here.some((guide) => guide.trigger?.on === "element");
    if (!waits) watcher = void watcher?.disconnect();
    else if (!watcher) {
      let soon: unknown;
      watcher = new MutationObserver(() => {
        soon ??= scope.after(100, () => {
          soon = undefined;
          consider();
        });
      });
      watcher.observe(doc, { childList: true, subtree: true, attributes: true });
    }
    if (due && isQuiet()) void begin(due, due.budget === "free");
  };

  const begin = async (guide: Guide, free: boolean, from?: string | number, resumed?: RunState) => {
    busy = true;
    asked.add(guide.guide);
    const play = guide.steps?.length ? await host.loadView().catch(() => undefined) : undefined;
    const run = resumed ?? { run: host.newRun(), free, at: host.now(), doc: guide };
    const { guide: id, version } = guide;
    const yes = play && (resumed || (await host.claim({ guide: id, version, run: run.run, free })));
    if (!busy) return;
    busy = false;
    if (!yes) return consider();
    host.keep(run);
    player = attempt(() =>
      play({
        win,
        guide,
        from: from ?? run.step,
        resumed: !!run.shown,
        free: run.free,
        theme: host.themes()?.[guide.theme ?? "default"],
        locale: host.locale(),
        openScope,
        locate,
        fits: (pages) => fitsPage(pages, win.location.pathname),
        ask: (name, detail) => ask(name, { guide: id, ...(detail as object) }),
        keep(step) {
          run.step = step;
          run.at = host.now();
          host.keep(run);
        },
        report,
        over(what, step, reason, next) {
          player = undefined;
          report(what, step, reason, true);
          host.keep(undefined);
          if (reason === "no_tips") no_tips = true;
          if (next) show(next);
          else consider();
        },
      }),
    );
    if (!player) host.keep(undefined);

    /** `over` tells the server that a missing target has ended the run. */
    function report(what: Progress, step?: string, reason?: string, over?: true) {
      if (what === "shown") {
        run.shown = true;
        host.keep(run);
      }
      const progress = { guide: id, version, run: run.run, step, what, reason, over };
      host.report(progress);
      void ask(what, progress);
    }
  };

  const show = (guide: string, step?: string | number) => {
    const found = offered.find((one) => one.guide === guide || one.key === guide);
    const under_way = host.run()?.doc;
    if (!answered || busy) wanted = [guide, step];
    else if (found && (!player || found.guide !== under_way?.guide)) {
      player?.close();
      void begin(found, true, step);
    }
  };

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
  scope.add(() => watcher?.disconnect());

  return {
    offer(answer) {
      answered = true;
      offered = answer?.guides ?? offered;
      no_tips = !!answer?.no_tips;
      if (busy || player) return;
      const kept = host.run();
      const open = answer?.open_runs?.find((one) => one.run !== host.ended());
      if (kept && host.now() - kept.at < RUN_MS && (!answer?.open_runs || open?.run === kept.run)) return void begin(kept.doc, kept.free, undefined, kept);
      if (kept) host.keep(undefined);
      const left = open && offered.find((one) => one.guide === open.guide && one.version === open.version);
      if (left) void begin(left, true, undefined, { run: open.run, step: open.step ?? undefined, shown: true, free: true, at: host.now(), doc: left });
      else if (wanted) show(...wanted);
      else consider();
      wanted = undefined;
    },
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
      player?.stop();
      player = undefined;
      offered = [];
      asked.clear();
      fired.clear();
    },
  };
}
