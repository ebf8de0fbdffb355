/** The article editor: one resource of the resource centre, in the same typed blocks as guides. It is on air once it is saved. */
import type { Bench, Problem, State } from "./bench";
import { blockEditor } from "./blocks";
import { isByLocale, put, type BlockDoc, type GuideDoc, type Words } from "../draft/document";
import { el, fill, icon, learnIcons } from "./dom";
import { showFaults } from "./faults";
import { choice, choiceAt, faultOf, field, languageName, LANGUAGES, linesAt, numberAt, textAt, textField, wordsFields } from "./fields";
import { openHistory } from "./history";
import { blocksOf } from "./markdown";
import { learnWords, say } from "./words";

interface Page extends State {
  is_new: boolean;
  urls: State["urls"] & { save: string; list: string };
}

function openArticle(root: HTMLElement): void {
  const state = JSON.parse(root.dataset.state!) as Page;
  learnWords(state.words);
  learnIcons(state.icons);
  const history = openHistory<GuideDoc>(state.draft);
  const added = new Set<string>();
  let saved = history.now();
  let problems: Problem[] = [];
  const standing = el("span", { class: "muted", role: "status" });
  const bar = el("div", { class: "page-actions" });
  const body = el("div", { class: "article-body" });

  const blocks = () => (history.now().blocks ?? []) as BlockDoc[];
  const locales = (): string[] => {
    const found = new Set([history.now().default_locale ?? "en", "en", "zh-CN", ...added]);
    const words = [history.now().title, history.now().summary, ...blocks().flatMap((block) => [block.text, block.alt, block.title, ...(block.items ?? [])])] as (Words | undefined)[];
    words.forEach((one) => isByLocale(one) && Object.keys(one).forEach((name) => found.add(name)));
    return [...found];
  };

  const bench: Bench = {
    state,
    guide: history.now,
    locales,
    addLocale(name) {
      added.add(name);
      draw();
    },
    locale: () => state.locale,
    step: () => 0,
    selectStep: () => undefined,
    problems: () => problems,
    change(next) {
      history.change(next, "", Date.now());
      draw();
    },
    set: (path, value) => bench.change(put(history.now(), path, value)),
    type(path, value) {
      history.change(put(history.now(), path, value), path.join("/"), Date.now());
      drawBar();
    },
    redrawBar: () => drawBar(),
    announce(text) {
      const live = document.querySelector("[data-announce]");
      if (live) live.textContent = text;
    },
  };

  const save = async () => {
    const sent = history.now();
    standing.textContent = say("Saving…");
    const answer = await fetch(state.urls.save, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ resources: [sent] }) }).catch(() => undefined);
    if (answer?.ok) {
      saved = sent;
      state.is_new = false;
      problems = [];
      standing.textContent = say("Saved: it is on air.");
    } else {
      const problem = (await answer?.json().catch(() => undefined)) as { detail?: string; errors?: Problem[] } | undefined;
      problems = (problem?.errors ?? []).map((one) => ({ ...one, pointer: one.pointer.replace(/^\/resources\/0/, "").replace(/\/(blocks\/\d+)\/[a-z]+(?=\/|$)/, "/$1"), message: one.message.replace(/^Value error, /, ""), blocks: true }));
      standing.textContent = say("Not saved: %(why)s", { why: problems[0]?.message ?? problem?.detail ?? say("The server does not answer.") });
    }
    showFaults(root, problems);
    drawBar();
  };

  const undo = () => history.undo() && draw();
  const redo = () => history.redo() && draw();

  function drawBar(): void {
    const dirty = saved !== history.now() || state.is_new;
    fill(
      bar,
      standing,
      el("button", { type: "button", class: "btn", disabled: !history.canUndo(), onclick: undo, "aria-keyshortcuts": "Control+Z" }, icon("undo"), say("Undo")),
      el("button", { type: "button", class: "btn btn-primary", disabled: !dirty, onclick: () => void save(), "data-at": "save" }, say("Save and put on air")),
    );
  }

  const markdown = () => {
    const box = el("textarea", { class: "textarea", rows: "10", "aria-label": say("Markdown") });
    const language = choice("markdown-language", locales()[0]!, locales().map((name) => [name, languageName(name)] as const), () => undefined, say("Language"));
    const dialog = el("dialog", { class: "dialog markdown", "aria-labelledby": "markdown-title" });
    const take = () => {
      const found = blocksOf(box.value, language.value, history.now().default_locale ?? "en");
      dialog.close();
      dialog.remove();
      if (found.length) bench.set(["blocks"], [...blocks(), ...found].slice(0, 60));
      bench.announce(say("%(n)s blocks added", { n: found.length }));
    };
    fill(dialog, el("h2", { id: "markdown-title" }, say("Paste Markdown")), el("p", { class: "hint" }, say("Headings, paragraphs, lists, pictures, code and lines become blocks; anything else stays text.")), box, language, el("div", { class: "dialog-actions" }, el("button", { type: "button", class: "btn", onclick: () => (dialog.close(), dialog.remove()) }, say("Cancel")), el("button", { type: "button", class: "btn btn-primary", onclick: take }, say("Add the blocks"))));
    root.append(dialog);
    dialog.showModal();
    box.focus();
  };

  function drawBody(): void {
    const doc = history.now();
    const kinds = [["faq", say("Question and answer")], ["manual", say("Manual")], ["video", say("Video")], ["news", say("News")], ["guide", say("Guide")]] as const;
    const isGuide = doc.kind === "guide";
    const isAddress = typeof doc.url === "string";
    const choose = (kind: string) => {
      const { guide: _, ...rest } = doc;
      const { url: __, blocks: ___, ...bare } = rest;
      bench.change((kind === "guide" ? { ...bare, kind, guide: state.guides[0]?.key ?? "guide" } : isGuide ? { ...bare, kind, blocks: [{ type: "text", text: "" }] } : { ...rest, kind }) as GuideDoc);
    };
    const content = (way: string) => {
      const { url: _, blocks: __, ...rest } = doc;
      bench.change((way === "url" ? { ...rest, url: "https://" } : { ...rest, blocks: [{ type: "text", text: "" }] }) as GuideDoc);
    };
    const others = Object.keys(LANGUAGES).filter((name) => !locales().includes(name));
    fill(
      body,
      el(
        "section",
        { class: "panel", "aria-label": say("Content") },
        el("div", { class: "panel-head" }, el("h2", {}, say("Content")), !isGuide && !isAddress && el("button", { type: "button", class: "btn btn-sm push", onclick: markdown }, icon("upload"), say("Paste Markdown"))),
        el(
          "div",
          { class: "panel-body stack" },
          wordsFields(bench, ["title"], say("Title")),
          faultOf(["title"]),
          wordsFields(bench, ["summary"], say("Summary")),
          isGuide ? field(say("Guide"), choiceAt(bench, ["guide"], "", state.guides.map((one) => [one.key, one.name] as const))) : field(say("It holds"), choice("holds", isAddress ? "url" : "blocks", [["blocks", say("Text written here")], ["url", say("An address")]], content)),
          !isGuide && isAddress && field(say("Address"), textAt(bench, ["url"], { kind: "url" }), faultOf(["url"])),
          !isGuide && !isAddress && blockEditor(bench, ["blocks"]),
          faultOf([]),
        ),
      ),
      el(
        "section",
        { class: "panel", "aria-label": say("Where it is offered") },
        el("div", { class: "panel-head" }, el("h2", {}, say("Where it is offered"))),
        el(
          "div",
          { class: "panel-body stack" },
          field(say("Kind"), choice("/kind", doc.kind, kinds, choose)),
          field(say("Feature it is about"), choice("/feature", `${doc.feature ?? ""}`, [["", say("None")], ...state.features.map((one) => [one.key, one.name] as const)], (key) => bench.set(["feature"], key || undefined)), el("span", { class: "hint" }, say("It is offered on the pages of this feature.")), faultOf(["feature"])),
          linesAt(bench, ["pages"], say("Only on these pages"), say("One path a line; * stands for one part, ** for any. Empty: every page."), undefined),
          field(say("Order among its kind, smallest first"), numberAt(bench, ["order"], 100, 0, 1000)),
          field(say("News of"), textField("/news_at", `${doc.news_at ?? ""}`.slice(0, 10), (day) => bench.type(["news_at"], day ? `${day}T00:00:00Z` : undefined), { kind: "date" }), el("span", { class: "hint" }, say("With a day it stands under “What's new”.")), faultOf(["news_at"])),
          field(say("Add a language"), choice("add-language", "", [["", say("Add a language…")], ...others.map((name) => [name, languageName(name)] as const)], (name) => name && bench.addLocale(name))),
        ),
      ),
    );
  }

  function draw(): void {
    const active = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.at : undefined;
    drawBody();
    drawBar();
    showFaults(root, problems);
    if (active) root.querySelector<HTMLElement>(`[data-at="${CSS.escape(active)}"]`)?.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) undo();
    else if ((key === "z" && event.shiftKey) || key === "y") redo();
    else if (key === "s") void save();
    else return;
    event.preventDefault();
  });
  addEventListener("beforeunload", (event) => {
    if (saved !== history.now()) event.preventDefault();
  });
  root.querySelector(".page-head")!.append(bar);
  fill(root.querySelector("[data-body]")!, body);
  draw();
}

const root = document.querySelector<HTMLElement>("[data-article]");
if (root) openArticle(root);
