/** What stands in the page by itself: puts each up where it belongs, takes it away elsewhere, and tells how far tasks are. */
import type { Tools } from "../core/guides";
import { newId } from "../core/ids";
import { pathTemplate } from "../core/paths";
import { watchRoutes } from "../core/routes";
import { attempt, type Scope } from "../core/scope";
import type { Kit, Post, Posted } from "../stage";
import type { BootAnswer, Standing } from "../wire";
import { ask } from "./ask";
import { icon } from "./icon";
import { CHUNKS } from "./chunks";
import { openLayer } from "./layer";
import { claim, moved } from "./run";
import { lookOf } from "./theme";
import { visit } from "./visit";

const SOON_MS = 900;

export function stand(tools: Tools, life: Scope, answer: BootAnswer, view: Promise<{ kit: Kit }>): void {
  const { win, fits, locale, load, say, boot, store, put, flush, now, rules, show, openScope } = tools;
  const items = answer.standing!;
  const up = new Map<string, Posted & { stop(): void }>();
  const going = new Set<string>();
  let soon: (() => void) | undefined;

  const down = (id: string) => {
    up.get(id)?.stop();
    up.delete(id);
  };

  const raise = async (item: Standing) => {
    const { guide: id, version, kind } = item;
    const post: Promise<{ post: Post }> = load(CHUNKS[kind]!);
    const { kit } = await view;
    const run = item.run ?? newId("run_", now());
    if (!item.run && !(await claim(tools, item, run, false))) return;
    item.run = run;
    const { post: draw } = await post;
    if (!going.has(id) || !fits(item.pages)) return;
    const scope = openScope();
    const look = lookOf(win, rules().themes?.[item.theme ?? "default"]);
    const report = (what: string, step?: string, reason?: string, more?: object) => {
      const progress = { guide: id, version, run, step, what, reason, ...more };
      put({ type: "track", event: "$guide", properties: progress });
      ask(tools, what, progress);
    };
    const close = (what: "finished" | "dismissed", reason?: string) => {
      report(what, item.steps[0]!.id, reason);
      flush();
      items.splice(items.indexOf(item), 1);
    };
    const posted = draw(
      {
        win,
        guide: item,
        locale: locale(),
        scope,
        icon,
        report,
        show,
        visit: (href) => visit(win, href),
        layer: (css, home) => openLayer(kit, win, look, item, locale(), scope, css, home),
        recall: () => store.read("s." + id),
        remember: (value) => store.write("s." + id, value),
        ask: (body) => say("/v1/help", { path: pathTemplate(win.location.pathname), locale: locale(), guide: id, ...body }),
        finish: () => close("finished"),
        dismiss(reason) {
          down(id);
          close("dismissed", reason);
        },
      },
      kit,
    );
    up.set(id, { ...posted, stop: scope.end });
  };

  const settle = () =>
    items.forEach((item) => {
      const { guide: id } = item;
      if (!fits(item.pages)) {
        going.delete(id);
        down(id);
      } else if (!going.has(id)) {
        going.add(id);
        attempt(() => raise(item));
      }
    });

  /** How far the tasks are now. */
  const refresh = () => {
    soon?.();
    soon = life.after(SOON_MS, async () => {
      const { body } = await boot();
      (body?.standing as Standing[] | undefined)?.forEach(({ guide, done }) => up.get(guide)?.update?.(done ?? []));
    });
  };

  watchRoutes(win, life, () => {
    settle();
    if (items.some(({ kind }) => kind === "checklist")) refresh();
  });
  moved.add(refresh);
  life.add(() => {
    moved.delete(refresh);
    going.clear();
    [...up.keys()].forEach(down);
  });
  settle();
}
