/**
 * The builder inside the customer's product: loaded only where `init` allows it and a code or an open session is there.
 * It listens to no messages of other windows; the code is spent with the server, which knows for whom it was made.
 */
import type { Load } from "../core/guides";
import { locateInPath } from "../core/locate";
import { fitsPage } from "../core/paths";
import { watchRoutes } from "../core/routes";
import { attempt } from "../core/scope";
import { make, type Child } from "../view/dom";
import type { Desk } from "./desk";
import { openLights } from "./lights";
import { openServer, type Rule, type Session } from "./server";
import { lay, openShell } from "./shell";
import { openPlacer } from "./steps";
import { openTagger } from "./tag";
import { openUi } from "./ui";
import { wordsOf } from "./words";

/** Codes and tokens begin so, too: it is what the loader looks for. */
const NAME = "mpb_";
const CODE = /^#milepost-builder=([\w-]+)$/;
const SEEN = 50;
const WIDE = 372;

/**
 * `early` holds the calls that wait for the SDK, which begins after this. Answers how the SDK may load its chunks: not
 * at all while the builder is open, so that no guide stands between the author and the page.
 */
export function open(key: string, base: string, load: Load, early: unknown[][]): Load {
  const win: Window & { milepost?: any } = window;
  const store = win.sessionStorage;
  const { history, location } = win;
  const code = CODE.exec(location.hash)?.[1];
  // Before anything else: out of the address, the history and any referrer a page makes of it.
  if (code) history.replaceState(history.state, "", location.pathname + location.search);
  let token = (!code && store.getItem(NAME)) || undefined;
  if (!code && !token) return load;

  const shell = openShell(win);
  const { scope, on } = shell;
  const ui = openUi(shell);
  const server = openServer(base, key, () => token);
  const seen = new Set<string>();
  const added: [string, Rule][] = [];
  let words = wordsOf(win.navigator.language);

  let isOpen = true;
  const leave = () => {
    isOpen = false;
    store.removeItem(NAME);
    unwrap();
    shell.close();
  };

  const note = ([method, name]: unknown[]) => {
    if (method !== "track" || typeof name !== "string") return;
    seen.delete(name);
    seen.add(name);
    if (seen.size > SEEN) seen.delete([...seen][0]!);
    added.forEach(([feature, rule]) => rule.on === "event" && rule.name === name && own("track", "$feature", { feature }));
  };
  const own = win.milepost;
  const heard = (...call: unknown[]) => {
    attempt(() => note(call));
    return own(...call);
  };
  win.milepost = heard;
  const unwrap = () => {
    if (win.milepost === heard) win.milepost = own;
  };
  early.forEach(note);

  const bar = (...nodes: Child[]) => lay(shell.bar, make("div", { class: "bar", role: "region", "aria-label": words.name }, make("span", { class: "mark", "aria-hidden": "true" }), ...nodes));

  const notice = (text: string, again?: () => void) => {
    lay(shell.panel);
    bar(make("span", { class: "what", role: "alert" }, text), again && ui.button(words.again, "", again), ui.button(words.close, "", leave));
  };

  const start = async () => {
    const said = code && !token ? await server<Session>("open", { code }) : await server<Session>("resume");
    if (said.status === 200) {
      token = said.body.token ?? token;
      store.setItem(NAME, token!);
      work(said.body);
    } else if (code && !token) {
      store.removeItem(NAME);
      notice(words.used);
    } else if (said.status === 401) {
      store.removeItem(NAME);
      notice(words.over);
    } else notice(words.silent, () => void start());
  };

  const work = (session: Session) => {
    words = wordsOf(session.locale);
    shell.root.querySelectorAll("[lang]").forEach((el) => el.removeAttribute("lang"));
    shell.panel.lang = shell.bar.lang = session.locale;
    const lights = openLights(win, shell);
    const routes: (() => void)[] = [];
    let isShown = win.innerWidth > 480;
    let isLeft = false;
    const doing = session.guide ? words.placing : words.tagging;
    const toggle = ui.button("", "", () => {
      isShown = !isShown;
      shift();
    });
    const shift = () => {
      shell.panel.className = `slot${isLeft ? " left" : ""}${isShown ? "" : " folded"}`;
      toggle.textContent = isShown ? words.hide : words.show;
      toggle.setAttribute("aria-expanded", `${isShown}`);
    };
    const end = () => {
      void server("end");
      leave();
    };
    const usual = () => bar(make("span", { class: "what" }, make("b", {}, doing), make("small", {}, words.by(session.author, session.environment))), toggle, ui.button(words.end, "end", end));
    usual();
    shift();
    const desk: Desk = {
      win,
      shell,
      words,
      ui,
      lights,
      load,
      seen,
      async ask(verb, more) {
        const said = await server<any>(verb, more);
        if (said.status === 401) {
          lights.follow(() => []);
          store.removeItem(NAME);
          notice(words.over);
        }
        return said;
      },
      count: (feature, rule) => void added.push([feature, rule]),
      show(title, ...nodes) {
        usual();
        const had = shell.root.activeElement;
        const where = had?.id;
        const head = make("div", { class: "head" }, make("h2", { tabindex: "-1", id: "title" }, title), ui.button("⇄", "icon", () => {
          isLeft = !isLeft;
          shift();
        }, { "aria-label": words.move, title: words.move }));
        const top = shell.panel.querySelector(".body")?.scrollTop ?? 0;
        const isSame = shell.panel.querySelector("h2")?.textContent === title;
        const body = make("div", { class: "body" }, ...nodes);
        lay(shell.panel, make("section", { class: "panel", "aria-labelledby": "title" }, head, body));
        if (isSame) body.scrollTop = top;
        if (had && !had.isConnected) ((isSame && where && shell.root.getElementById(where)) || head.querySelector<HTMLElement>("h2")!).focus({ preventScroll: true });
      },
      hide(text, button, run) {
        lay(shell.panel);
        bar(make("span", { class: "what" }, text), ui.button(button, "end", run));
      },
      avoid(el) {
        const { left, right } = el?.getBoundingClientRect() ?? { left: 0, right: 0 };
        const isUnder = isLeft ? left < WIDE && right > 0 : right > win.innerWidth - WIDE;
        const isFree = isLeft ? right <= win.innerWidth - WIDE : left >= WIDE;
        if (!el || !isUnder || !isFree) return;
        isLeft = !isLeft;
        shift();
      },
      onRoute: (run) => void routes.push(run),
    };
    watchRoutes(win, scope, () => routes.forEach((run) => run()));
    // The page's SDK learns of a new rule with its next boot; until then we count for it.
    scope.listen(
      win,
      "click",
      (event) => {
        if (shell.isOurs(event)) return;
        for (const [feature, rule] of added)
          if (rule.on === "element" && fitsPage([rule.path ?? "/**"], location.pathname) && locateInPath(rule.target, event.composedPath(), shell.doc)) own("track", "$feature", { feature });
      },
      true,
    );
    on(shell.panel, "keydown", (event) => {
      if ((event as KeyboardEvent).key === "Escape" && isShown) {
        isShown = false;
        shift();
        toggle.focus();
      }
    });
    if (session.guide) openPlacer(desk);
    else openTagger(desk);
  };
  void start();
  return (hash) => (isOpen ? Promise.reject() : load(hash));
}
