/** The guide editor: steps left, the live guide in the middle, properties right; the draft lives on the server. */
import type { Bench, Problem, State } from "./bench";
import { behaviourTab, targetTab } from "./behaviour";
import { blockEditor } from "./blocks";
import { localesOf, put, type GuideDoc } from "../draft/document";
import { el, fill, icon, learnIcons } from "./dom";
import { drawFoot, showFaults, stepOf } from "./faults";
import { faultOf, iconButton } from "./fields";
import { openHistory } from "./history";
import { branchFields, hasForm, taskFields } from "./kinds";
import { openPublishing } from "./publishing";
import { openSaving, type Answer, type Standing } from "./saving";
import { settingsView } from "./settings";
import { openSize } from "./size";
import { openStage, playIcon, previewLocale } from "./stage";
import { openSteps } from "./steps";
import { missingIn, textsView } from "./texts";
import { learnWords, say } from "./words";

type View = "preview" | "texts" | "who";
type Tab = "content" | "behaviour" | "target";

function openEditor(root: HTMLElement): void {
  const state = JSON.parse(root.dataset.state!) as State;
  learnWords(state.words);
  learnIcons(state.icons);
  const history = openHistory<GuideDoc>(state.draft);
  const added = new Set<string>();
  let problems = state.problems;
  let index = 0;
  let view: View = "preview";
  let tab: Tab = "content";
  let locale = "";

  const bench: Bench = {
    state,
    guide: history.now,
    locales: () => [...new Set([...localesOf(history.now()), ...added])],
    addLocale(name) {
      added.add(name);
      redraw();
    },
    locale: () => locale,
    step: () => index,
    selectStep(next) {
      index = Math.max(0, Math.min(next, history.now().steps.length - 1));
      redraw();
    },
    problems: () => problems,
    change(next) {
      if (history.change(next, "", Date.now())) changed();
      redraw();
    },
    set: (path, value) => bench.change(put(history.now(), path, value)),
    type(path, value) {
      if (history.change(put(history.now(), path, value), path.join("/"), Date.now())) changed();
      drawAround();
    },
    redrawBar: () => drawBar(),
    announce(text) {
      const live = document.querySelector("[data-announce]");
      if (live) live.textContent = text;
      toast(text);
    },
  };

  const saving = openSaving({ url: state.urls.draft, etag: state.etag, guide: history.now, tell: tellStanding, heard, conflict });
  const size = openSize(bench);
  const publishing = openPublishing(bench, saving, () => drawBar());
  const steps = openSteps(bench);
  const stage = openStage(bench, () => drawBar(), (name) => {
    locale = name;
    redraw();
  });
  locale = previewLocale(bench);

  const standing = el("span", { class: "muted", role: "status" });
  const bar = el("span", { class: "row push" });
  const name = el("a", { href: state.urls.guide }, state.draft.name);
  const title = el("h1", {}, name);
  const status = el("span", { class: "badge line" });
  const notice = el("div", { class: "editor-notice", hidden: true });
  const views = el("div", { class: "segment", role: "group", "aria-label": say("View") });
  const stageBar = el("div", { class: "stage-bar" });
  const middle = el("div", { class: "stage-middle" });
  const foot = el("div", { class: "stage-foot" });
  const note = el("div", { class: "pane-note" });
  const props = el("div", { class: "props" });
  const toasts = el("div", { class: "toast", hidden: true });
  let toastTimer = 0;

  function toast(text: string): void {
    toasts.textContent = text;
    toasts.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = window.setTimeout(() => (toasts.hidden = true), 4000);
  }

  function changed(): void {
    index = Math.min(index, history.now().steps.length - 1);
    saving.changed();
    size.ask();
  }

  function heard(found: Problem[]): void {
    problems = found;
    showFaults(root, problems);
    steps.draw();
    drawFoot(foot, bench, lead);
  }

  function tellStanding(how: Standing, detail: string): void {
    const time = detail ? new Date(detail).toLocaleTimeString(state.locale, { hour: "2-digit", minute: "2-digit", hour12: false }) : "";
    standing.textContent = { saved: say("Saved %(time)s", { time }), saving: say("Saving…"), refused: say("Not saved: %(why)s", { why: detail }), away: say("Not saved: the server does not answer. Trying again."), conflict: say("Not saved") }[how];
    standing.classList.toggle("bad-text", how === "refused" || how === "away" || how === "conflict");
    drawBar();
  }

  /** Two authors: the second is told who was first; nothing is written over before one of the two is chosen. */
  function conflict(theirs: Answer): void {
    const time = new Date(theirs.edited_at).toLocaleTimeString(state.locale, { hour: "2-digit", minute: "2-digit", hour12: false });
    const done = () => {
      notice.hidden = true;
      saving.adopt(theirs.etag);
    };
    const see = () => {
      done();
      bench.change(theirs.draft);
      bench.announce(say("This is their draft now. Ctrl+Z brings yours back."));
    };
    const keep = () => {
      done();
      saving.changed();
    };
    notice.hidden = false;
    fill(
      notice,
      el(
        "div",
        { class: "notice warn", role: "alert" },
        icon("warn"),
        el("div", {}, el("b", {}, say("%(who)s saved this draft at %(time)s while you were editing it.", { who: theirs.edited_by_name, time })), el("span", { class: "sub" }, say("Your changes are not saved yet."))),
        el("span", { class: "row push" }, el("button", { type: "button", class: "btn btn-sm", onclick: see }, say("See theirs")), el("button", { type: "button", class: "btn btn-sm", onclick: keep }, say("Keep mine"))),
      ),
    );
    notice.querySelector("button")?.focus();
  }

  function lead({ pointer }: Problem): void {
    const step = stepOf(pointer);
    if (step === undefined) view = "who";
    else {
      index = Math.min(step, history.now().steps.length - 1);
      if (view === "who") view = "preview";
      tab = /^\/steps\/\d+\/(target|wait_ms|missing|pages)/.test(pointer) ? "target" : /^\/steps\/\d+\/blocks/.test(pointer) ? "content" : /^\/steps\/\d+\/./.test(pointer) ? "behaviour" : tab;
    }
    redraw();
    const place = [...root.querySelectorAll<HTMLElement>("[data-fault]:not([hidden])")].sort((a, b) => b.dataset.fault!.length - a.dataset.fault!.length).find(({ dataset }) => pointer.startsWith(dataset.fault!));
    place?.scrollIntoView({ block: "center" });
    place?.parentElement?.querySelector<HTMLElement>("input,textarea,select,button")?.focus();
  }

  const undo = () => history.undo() && (changed(), redraw());
  const redo = () => history.redo() && (changed(), redraw());

  function drawBar(): void {
    const playing = stage.isPlaying();
    fill(
      bar,
      iconButton("undo", say("Undo"), undo, { disabled: !history.canUndo(), "aria-keyshortcuts": "Control+Z" }),
      iconButton("redo", say("Redo"), redo, { disabled: !history.canRedo(), "aria-keyshortcuts": "Control+Shift+Z" }),
      el("button", { type: "button", class: "btn btn-sm", onclick: () => show("who") }, icon("users"), size.label()),
      el("button", { type: "button", class: "btn btn-sm", "aria-pressed": `${playing}`, onclick: () => (view !== "preview" && show("preview"), stage.play()) }, playIcon(playing), playing ? say("Stop") : say("Play")),
      state.urls.place !== undefined && el("a", { class: "btn btn-sm", href: state.urls.place }, icon("target"), say("Place in your product")),
      publishing.button(),
    );
    status.textContent = state.status === "published" ? say("Live v%(n)s", { n: state.version! }) : state.version === null ? say("Draft") : say("Draft of v%(n)s", { n: state.version });
    name.textContent = history.now().name;
  }

  function show(next: View): void {
    view = next;
    redraw();
  }

  function drawViews(): void {
    const missing = bench.locales().reduce((sum, name) => sum + missingIn(bench, name), 0);
    const one = (name: View, label: string, extra?: string) => el("button", { type: "button", "aria-pressed": `${view === name}`, "data-at": `view/${name}`, onclick: () => show(name) }, label, extra !== undefined && el("span", { class: "count", title: extra }, extra && el("span", { "aria-hidden": "true" }, /\d+/.exec(extra)![0]), extra && el("span", { class: "vh" }, extra)));
    fill(views, one("preview", say("Preview")), one("texts", say("Texts"), missing ? say("%(n)s missing", { n: missing }) : ""), one("who", say("Who and when")));
  }

  function drawProps(): void {
    const one = (name: Tab, label: string) => el("button", { type: "button", "aria-pressed": `${tab === name}`, "data-at": `tab/${name}`, onclick: () => ((tab = name), redraw()) }, label);
    const step = history.now().steps[index]!;
    const { kind } = history.now();
    const more = kind === "checklist" ? taskFields(bench) : kind === "survey" ? branchFields(bench) : [];
    const parts = tab === "content" ? [blockEditor(bench, ["steps", index, "blocks"]), ...more] : tab === "behaviour" ? behaviourTab(bench) : targetTab(bench);
    fill(
      props,
      el("div", { class: "tabs tab-buttons", role: "group", "aria-label": say("Properties of step %(n)s", { n: index + 1 }) }, one("content", say("Content")), hasForm(kind) && one("behaviour", say("Behaviour")), step.kind === "modal" || kind === "modal" || !hasForm(kind) ? false : one("target", say("Target"))),
      faultOf(["steps", index]),
      ...parts,
    );
  }

  function drawMiddle(): void {
    fill(stageBar, views, view === "preview" && stage.bar);
    // The frame is never taken out of the page: it would load again.
    stage.view.hidden = view !== "preview";
    [...middle.children].forEach((child) => child !== stage.view && child.remove());
    if (!stage.view.isConnected) middle.append(stage.view);
    if (view === "texts") middle.append(textsView(bench));
    if (view === "who") middle.append(settingsView(bench));
    root.classList.toggle("is-who", view === "who");
  }

  /** All but the field somebody types into. */
  function drawAround(): void {
    steps.draw();
    stage.draw();
    drawViews();
    drawBar();
    drawFoot(foot, bench, lead);
    size.draw();
  }

  function redraw(): void {
    const active = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const place = active?.dataset.at;
    const caret = active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement ? caretOf(active) : undefined;
    const { kind } = history.now();
    if (!hasForm(kind) || ((history.now().steps[index]!.kind === "modal" || kind === "modal") && tab === "target")) tab = "content";
    drawProps();
    drawMiddle();
    drawAround();
    showFaults(root, problems);
    const next = place && root.querySelector<HTMLElement>(`[data-at="${CSS.escape(place)}"]`);
    if (!next || next === document.activeElement) return;
    next.focus({ preventScroll: true });
    if (caret !== undefined && (next instanceof HTMLInputElement || next instanceof HTMLTextAreaElement)) setCaret(next, caret);
  }

  // On the document: what had the focus may be gone with a step that was undone.
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) undo();
    else if ((key === "z" && event.shiftKey) || key === "y") redo();
    else if (key === "s") void saving.settled();
    else return;
    event.preventDefault();
  });
  addEventListener("beforeunload", (event) => {
    if (saving.isDirty()) event.preventDefault();
  });

  fill(note, el("p", { class: "hint" }, say("Who sees it, when and how often stands under “Who and when”.")), el("button", { type: "button", class: "more", onclick: () => show("who") }, say("Who and when"), icon("arrow-right")));
  const head = root.querySelector(".editor-bar")!;
  head.append(title, status, standing, bar);
  root.querySelector("h1")?.remove();
  head.insertBefore(title, status);
  fill(
    root.querySelector(".editor-body")!,
    notice,
    el("div", { class: "editor-grid" }, el("nav", { class: "pane", "aria-label": say("Steps") }, steps.node, note), el("main", { class: "stage", id: "content", tabindex: "-1" }, stageBar, middle, foot), el("aside", { class: "pane pane-props", "aria-label": say("Properties") }, props)),
    toasts,
    publishing.dialog,
  );
  root.classList.add("is-live");
  redraw();
  size.ask();
}

const TEXTUAL = /^(text|url|search|tel|password|)$/;
const caretOf = (node: HTMLInputElement | HTMLTextAreaElement): number | undefined => (TEXTUAL.test(node.type) || node instanceof HTMLTextAreaElement ? (node.selectionStart ?? undefined) : undefined);
const setCaret = (node: HTMLInputElement | HTMLTextAreaElement, at: number): void => {
  if (TEXTUAL.test(node.type) || node instanceof HTMLTextAreaElement) node.setSelectionRange(at, at);
};

const root = document.querySelector<HTMLElement>("[data-editor]");
if (root) openEditor(root);
