/** Plays a draft with the real renderer: nothing is claimed, nothing is told to the server, nothing is remembered. */
import { locate } from "../core/locate";
import { fitsPage } from "../core/paths";
import { openScope } from "../core/scope";
import { watchPage } from "../core/watch";
import { icon } from "../desk/icon";
import { lookOf } from "../desk/theme";
import { visit } from "../desk/visit";
import type { Kit, Play, Player } from "../stage";
import type { Desk } from "./desk";
import type { Draft } from "./server";

/** The sha384 of the chunks that draw. */
declare const VIEW: string;
declare const CHINESE: string;

export async function playDraft({ win, load }: Desk, { shown: guide, themes }: Draft, from: string, over: () => void): Promise<Player | undefined> {
  const locale = guide.lang ?? "en";
  const chinese = /^zh/i.test(locale) ? (await load(CHINESE).catch(() => undefined))?.words : undefined;
  const view: { play: Play; kit: Kit } | undefined = await load(VIEW).catch(() => undefined);
  return view?.play({
    win,
    guide,
    from,
    resumed: false,
    free: true,
    look: lookOf(win, themes[guide.theme ?? "default"]),
    locale,
    words: chinese,
    openScope,
    icon,
    visit: (href) => visit(win, href),
    locate,
    watch: watchPage,
    fits: (pages) => fitsPage(pages, win.location.pathname),
    ask: async () => true,
    keep() {},
    report() {},
    answer() {},
    over,
  }, view.kit);
}
