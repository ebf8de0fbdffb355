/** The SDK of one page: who is here, what happened, and the hand-over to guides. */
import type { BootAnswer, Event } from "../wire";
import { openGuides, type Guides, type Host, type Load } from "./guides";
import { newId } from "./ids";
import { locateInPath } from "./locate";
import { openOutbox } from "./outbox";
import { fitsPage, pathTemplate } from "./paths";
import { watchRoutes } from "./routes";
import { attempt, openScope } from "./scope";
import { shield } from "./shield";
import { openStore } from "./store";
import { connect } from "./transport";
import type { Handler, RunState } from "./guides";

export interface Options {
  /** Where the Milepost server is; by default where the script came from. */
  host?: string;
  /** False: nothing is kept in the browser. */
  storage?: boolean;
  /** True: an author sent by the console may open the builder here. */
  builder?: boolean;
  /** Locale of guides; by default the page's `lang`, then the browser's. */
  locale?: string;
  /** False: nothing is kept and nothing is sent, until `consent(true)`. */
  consent?: boolean;
  /** How long after the load unasked guides wait, in ms. */
  quiet_ms?: number;
}

export interface Identity {
  account?: string;
  token?: string;
}

/** What is remembered between page loads. */
export interface Memory {
  /** anonymous id, user id, account */
  a: string;
  u?: string;
  g?: string;
  /** what was last said about the user */
  t?: string;
  /** session and when it last did something */
  s: string;
  st: number;
  /** server clock minus ours, in ms */
  o: number;
  /** the run under way, and the one just over */
  r?: RunState;
  l?: { run: string; until: number };
}

declare const VERSION: string;

const SESSION_MS = 1_800_000;
const GUIDED_AFTER_MS = 5000;

export function createSdk(win: Window, writeKey: string, base: string, options: Options, load: Load) {
  const doc = win.document;
  let allowed = true;
  const scope = openScope();
  const store = openStore(win, writeKey, () => allowed && options.storage !== false);
  const post = connect(base);
  const handlers = new Map<string, Set<Handler>>();
  const made = (prefix: string) => newId(prefix, Date.now());
  const fresh = (): Memory => ({ a: made("anon_"), s: made("ses_"), st: Date.now(), o: me?.o ?? 0 });
  let me = store.read<Memory>("me") as Memory;
  if (!me?.a) me = fresh();
  let token: string | undefined;
  let booting = 0;
  let bootTimer: (() => void) | undefined;
  let rules = store.read<BootAnswer>("rules") ?? ({} as BootAnswer);
  const now = () => Date.now() + me.o;
  const locale = () => options.locale || doc.documentElement.lang || win.navigator.language;
  const path = () => win.location.pathname;

  const save = () => store.write("me", me);
  const outbox = openOutbox(win, base, writeKey, store, post, scope, now);

  const session = () => {
    if (Date.now() - me.st > SESSION_MS) me.s = made("ses_");
    me.st = Date.now();
    save();
    return me.s;
  };

  const guided = () => (me.r?.shown ? me.r.run : me.l && me.l.until > now() ? me.l.run : undefined);

  const put = (event: Partial<Event>) =>
    allowed &&
    outbox.put({
      messageId: made("mp-"),
      timestamp: new Date(now()).toISOString(),
      userId: me.u,
      anonymousId: me.a,
      context: {
        groupId: me.g,
        locale: locale(),
        page: { path: pathTemplate(path()) },
        library: { name: "milepost-js", version: VERSION },
        milepost: { session: session(), guide: guided(), token, sdk: VERSION },
      },
      ...event,
    } as Event);

  const track = (name: string, properties?: object) => {
    put({ type: "track", event: name, properties });
    guides.onTrack(name);
  };

  const who = () => ({ writeKey, userId: me.u, anonymousId: me.a, account: me.g, token, sdk: VERSION, session: me.s });

  const host: Host = {
    win,
    scope,
    locale,
    load,
    quiet_ms: options.quiet_ms ?? 3000,
    rules: () => rules,
    run: () => me.r,
    ended: () => me.l?.run,
    keep(run) {
      if (me.r && !run) me.l = { run: me.r.run, until: me.r.shown ? now() + GUIDED_AFTER_MS : 0 };
      me.r = run;
      save();
    },
    put,
    flush: outbox.flush,
    handlers,
    say: (path, body, timeout_ms) => post(path, JSON.stringify({ ...who(), ...body }), timeout_ms),
    boot: () => host.say("/v1/boot", { path: pathTemplate(path()), locale: locale(), rules_etag: rules.rules_etag }),
    store,
    now,
  };
  const guides: Guides = openGuides(host);

  const boot = async () => {
    if (!allowed) return;
    const mine = ++booting;
    const sent_at = Date.now();
    const { status, body } = await host.boot();
    if (mine !== booting) return;
    if (status !== 200 || !body) return guides.offer();
    if (typeof body.now === "number") {
      const offset = Math.round(body.now - (sent_at + Date.now()) / 2);
      if (Math.abs(offset - me.o) > 1000) {
        outbox.shift(offset - me.o);
        me.o = offset;
        save();
      }
    }
    if (body.rules) store.write("rules", (rules = { now: 0, rules_etag: body.rules_etag, rules: body.rules, themes: body.themes }));
    guides.offer(body);
    handlers.get("ready")?.forEach((handler) => attempt(() => handler({})));
  };
  const bootSoon = () => {
    bootTimer?.();
    bootTimer = scope.after(0, boot);
  };

  const page = (name?: string, properties?: object) =>
    put({ type: "page", name, properties: { ...properties, path: pathTemplate(path()) } } as Partial<Event>);

  const onRoute = () => {
    page();
    guides.onRoute();
  };

  shield(win, scope);
  scope.listen(
    win,
    "click",
    (event) => {
      const way = event.composedPath();
      for (const rule of rules.rules ?? [])
        if (fitsPage(rule.path ? [rule.path] : null, path()) && locateInPath(rule.target, way, doc)) track("$feature", { feature: rule.feature });
    },
    true,
  );
  scope.listen(win, "pagehide", outbox.beacon);
  scope.listen(doc, "visibilitychange", () => {
    if (doc.visibilityState === "hidden") outbox.beacon();
  });
  scope.listen(win, "online", outbox.flush);
  scope.listen(win, "hashchange", guides.follow);
  scope.listen(win, "storage", () => {
    const other = store.read<Memory>("me");
    if (other?.a === me.a && other.u === me.u) me = other;
  });
  watchRoutes(win, scope, onRoute);
  scope.after(0, page);
  bootSoon();

  /** Forgets the person; what follows is somebody else. */
  const forget = () => {
    guides.stop();
    me = fresh();
    token = undefined;
  };

  const sdk = {
    identify(userId: string | number, traits = {}, identity: Identity = {}) {
      const user = String(userId);
      if (me.u && me.u !== user) forget();
      const said = JSON.stringify([user, identity.account, traits, me.s]);
      const news = me.u !== user || token !== identity.token || (identity.account && me.g !== identity.account);
      me.u = user;
      token = identity.token;
      if (identity.account) me.g = String(identity.account);
      if (allowed && me.t !== said) {
        me.t = said;
        put({ type: "identify", traits });
      }
      if (news) bootSoon();
    },
    group(account: string | number, traits = {}) {
      const news = me.g !== String(account);
      me.g = String(account);
      put({ type: "group", groupId: me.g, traits });
      if (news) bootSoon();
    },
    track,
    page,
    show: (guide: string, from?: { step?: string | number }) => guides.show(guide, from?.step),
    on(name: string, handler: Handler) {
      const set = handlers.get(name) ?? new Set();
      handlers.set(name, set.add(handler));
      return () => void set.delete(handler);
    },
    reset() {
      forget();
      save();
      bootSoon();
    },
    consent(yes: boolean) {
      if (!yes) {
        booting++;
        outbox.drop();
        forget();
        store.names("").forEach((name) => store.write(name, undefined));
      } else if (!allowed) scope.after(0, page);
      allowed = yes;
      bootSoon();
    },
    destroy() {
      booting++;
      guides.stop();
      outbox.beacon();
      scope.end();
      handlers.clear();
    },
  };
  if (options.consent === false) sdk.consent(false);
  return sdk;
}

export type Sdk = ReturnType<typeof createSdk>;
