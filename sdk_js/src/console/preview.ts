/**
 * The page inside the editor's frame: a stand-in for the host product, and the real renderer over it.
 * The editor sends what to show; buttons pressed here are told back.
 */
import { openScope } from "../core/scope";
import { targetName } from "../draft/document";
import { openLayer } from "../desk/layer";
import { icon } from "../desk/icon";
import { lookOf } from "../desk/theme";
import type { Kit, Place, Play, Post, Stage } from "../stage";
import type { Guide, Standing, Step, Theme } from "../wire";

interface Showing {
  what: "show";
  guide: Guide;
  from: string;
  theme?: Theme;
  dark: boolean;
  locale: string;
  /** Played as people will have it, from its first step; else it stands still where the author works and never takes focus. */
  playing: boolean;
}

interface View {
  play: Play;
  kit: Kit;
}

const root = document.documentElement;
/** Addresses of the SDK's chunks, by name; a further kind's chunk bears its name. */
const chunks = JSON.parse(root.dataset.chunks!) as Record<string, string>;
const standIn = document.querySelector<HTMLElement>("[data-stand-in]")!;
let leave: (() => void) | undefined;
let turn = 0;

const tell = (message: object) => parent.postMessage(message, location.origin);

/** Without taking the focus: the author types beside it. */
const { showModal } = HTMLDialogElement.prototype;
const focusNode = HTMLElement.prototype.focus;
function holdFocus(held: boolean): void {
  HTMLDialogElement.prototype.showModal = held
    ? function (this: HTMLDialogElement) {
        this.setAttribute("open", "");
      }
    : showModal;
  HTMLElement.prototype.focus = held ? () => undefined : focusNode;
}

function stand(step: Step | undefined): void {
  standIn.hidden = !step?.target;
  if (step?.target) standIn.textContent = targetName(step.target);
}

async function show(showing: Showing): Promise<void> {
  const mine = ++turn;
  const { guide, dark, locale, playing } = showing;
  const chinese = /^zh/i.test(guide.lang ?? locale) ? await import(chunks.zh!).catch(() => undefined) : undefined;
  const view = (await import(chunks.view!)) as View;
  const further = chunks[guide.kind];
  const part = (further ? await import(further) : view) as { play?: Play; post?: Post };
  if (mine !== turn) return;
  leave?.();
  root.dataset.theme = dark ? "dark" : "light";
  holdFocus(!playing);
  leave = part.post ? post(part.post, view.kit, showing) : play(part.play ?? view.play, view.kit, showing, chinese?.words, () => mine === turn);
}

function play(draw: Play, kit: Kit, { guide, from, theme, locale, playing }: Showing, words: Stage["words"], isMine: () => boolean): () => void {
  const stepOf = (id: string) => guide.steps.find((step) => step.id === id);
  stand(stepOf(from));
  const player = draw(
    {
      win: window,
      guide,
      from,
      resumed: !playing,
      free: guide.budget === "free",
      look: lookOf(window, theme),
      locale,
      words,
      icon,
      openScope,
      visit: (href) => tell({ what: "visit", href }),
      locate: () => ({ el: standIn }),
      watch: () => undefined,
      fits: () => true,
      keep(step) {
        stand(stepOf(step));
        if (isMine()) tell({ what: "at", step });
      },
      report: () => undefined,
      answer: () => undefined,
      ask: async () => true,
      over(how) {
        leave = undefined;
        if (isMine()) tell({ what: "over", how });
      },
    },
    kit,
  );
  return player.stop;
}

/** What stands in the page by itself; nothing of it is told to anybody. */
function post(draw: Post, kit: Kit, { guide, theme, locale }: Showing): () => void {
  stand(undefined);
  const scope = openScope();
  const look = lookOf(window, theme);
  const place: Place = {
    win: window,
    guide: guide as Standing,
    locale,
    scope,
    icon,
    report: () => undefined,
    show: (name) => tell({ what: "visit", href: name }),
    visit: (href) => tell({ what: "visit", href }),
    layer: (css, home) => openLayer(kit, window, look, guide, locale, scope, css, home),
    recall: () => undefined,
    remember: () => undefined,
    ask: async () => ({ status: 200, body: { resources: [] } }) as Awaited<ReturnType<Place["ask"]>>,
    finish: () => tell({ what: "over", how: "finished" }),
    dismiss: () => tell({ what: "over", how: "dismissed" }),
  };
  draw(place, kit);
  return scope.end;
}

addEventListener("message", ({ origin, source, data }) => {
  if (origin === location.origin && source === parent && data?.what === "show") void show(data as Showing);
});
tell({ what: "ready" });
