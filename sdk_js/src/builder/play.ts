/** Plays a draft with the real renderer: nothing is claimed, nothing is told to the server, nothing is remembered. */
import { locate } from "../core/locate";
import { fitsPage } from "../core/paths";
import { openScope } from "../core/scope";
import { lookOf } from "../desk/theme";
import { watchPage } from "../core/watch";
import type { Player } from "../stage";
import type { Desk } from "./desk";
import type { Draft } from "./server";

/** The sha384 of the chunks that draw. */
declare const VIEW: string;
declare const ZH_HASH: string;

export async function playDraft({ win, load }: Desk, { shown: guide, themes }: Draft, from: string, over: () => void): Promise<Player | undefined> {
  const locale = guide.lang ?? "en";
  const chinese = /^zh/i.test(locale) ? (await load(ZH_HASH).catch(() => undefined))?.words : undefined;
  const view = await load(VIEW).catch(() => undefined);
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
    visit: (href: string) => void (href[0] === "/" || href.startsWith(win.location.origin) ? win.location.assign(href) : win.open(href, "_blank", "noopener")),
    locate,
    watch: watchPage,
    fits: (pages: string[] | null | undefined) => fitsPage(pages, win.location.pathname),
    ask: async () => true,
    keep() {},
    report() {},
    answer() {},
    over,
  }, view.kit);
}
