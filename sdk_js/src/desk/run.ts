/** Begins a run: asks the server, brings the words and the chunk of its kind, and tells how far it got. */
import { RUN_MS, type Tools, type RunState } from "../core/guides";
import { newId } from "../core/ids";
import type { Kit, Play, Player } from "../stage";
import type { Guide, Progress } from "../wire";
import { ask } from "./ask";
import { icon } from "./icon";
import { CHUNKS, ZH } from "./chunks";
import { hush } from "./layer";
import { lookOf } from "./theme";
import { visit } from "./visit";

export interface Order extends Tools {
  guide: Guide;
  free: boolean;
  from?: string | number;
  resumed?: RunState;
  /** A link asked for it. */
  linked?: boolean;
  view: Promise<{ play: Play; kit: Kit } | undefined>;
}

/** May this run be painted? */
export const claim = async ({ say }: Tools, { guide, version }: Guide, run: string, free: boolean, linked?: boolean): Promise<boolean> =>
  (await say("/v1/claim", { guide, version, run, free, linked }, 2000)).body?.ok === true;

/** Told when a run is over: a task may be done now. */
export const moved = new Set<() => void>();

type Over = (next: string | undefined, no_tips: boolean) => void;

/** What draws it, once it may be drawn; nothing when the server says no, or something did not come. */
export async function prepare(order: Order): Promise<((over: Over) => Player) | undefined> {
  const { win, guide, free, from, resumed, linked, view, scope, load, locale, now, keep, put, flush, rules, openScope, locate, watch, fits } = order;
  const { guide: id, version, kind } = guide;
  const chunk = CHUNKS[kind];
  // An English card in time is better than none.
  const chinese = !chunk && /^zh/i.test(guide.lang || locale()) ? load(ZH).catch(() => undefined) : undefined;
  const further = chunk && load(chunk);
  const drawing = await view;
  const run = resumed ?? { run: newId("run_", now()), free, at: now(), doc: guide };
  const yes = drawing && (resumed || (await claim(order, guide, run.run, free, linked)));
  const player: { play: Play } | undefined = further ? await further : drawing;
  const words = (await chinese)?.words;
  if (!yes || !player) return undefined;
  return (over) => {
    const report = (what: Progress, step?: string, reason?: string, is_over?: true, more?: object) => {
      // What is used beside a survey is used unguided.
      run.shown ||= what === "shown" && !chunk;
      keep(run);
      // `over` tells the server that a missing target has ended the run.
      const progress = { guide: id, version, run: run.run, step, what, reason, over: is_over, ...more };
      put({ type: "track", event: "$guide", properties: progress });
      ask(order, what, progress);
      // The next page load asks the server whether it is over.
      if (is_over) flush();
    };
    // A card in the corner where help and tasks stand.
    const cover = (on: boolean) => kind === "survey" && hush(win, on);
    const made = player.play(
      {
        win,
        guide,
        from: from ?? run.step,
        resumed: !!run.shown,
        free: run.free,
        look: lookOf(win, rules().themes?.[guide.theme ?? "default"]),
        locale: locale(),
        words,
        icon,
        openScope,
        visit: (href) => visit(win, href),
        locate,
        watch,
        fits,
        ask: (name, detail) => ask(order, name, { guide: id, ...detail }),
        keep(step) {
          run.step = step;
          run.at = now();
          keep(run);
        },
        report,
        answer: (step, answer) => report("answered", step, undefined, undefined, answer),
        over(what, step, reason, next) {
          report(what, step, reason, true);
          off();
          cover(false);
          keep();
          over(next, reason === "no_tips");
          moved.forEach((tell) => tell());
        },
      },
      drawing.kit,
    );
    cover(fits(guide.pages));
    const leave = () => {
      off();
      cover(false);
      made.stop();
      over(undefined, false);
    };
    // Another tab of this person has closed it, or gone on.
    const off = scope.listen(win, "storage", () => {
      const other = order.run();
      if (other?.run !== run.run) leave();
      else if (other.step && other.step !== run.step) made.move?.((run.step = other.step));
    });
    return {
      ...made,
      stop() {
        made.stop();
        cover(false);
      },
      onRoute() {
        if (now() - run.at < RUN_MS) {
          made.onRoute();
          cover(fits(guide.pages));
          return;
        }
        keep();
        leave();
      },
    };
  };
}
