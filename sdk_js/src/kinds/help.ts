/** The resource centre: a launcher, and behind it what helps on this page, a search, news, articles, and every guide. */
import type { Post } from "../stage";
import type { Article, Resource } from "../wire";
import css from "./help.css";
import { act, buttonsOf, DOWN, isZh, press } from "./parts";

const EN = {
  help: "Help", search: "Search help", page: "For this page", news: "What's new", guides: "Guides for you", all: "All articles", back: "Back", close: "Close",
  found: "Did you find it?", yes: "Yes", no: "Still need help", thanks: "Good to know.", none: "Nothing found. Try another word.", wait: "One moment…", off: "Help can't be reached right now.",
  told: "We record which articles you open, and whether they helped.", faq: "Questions", guide: "Guides", manual: "Manual", video: "Videos",
};
const ZH: typeof EN = {
  help: "帮助", search: "搜索帮助", page: "与本页相关", news: "最近更新", guides: "为您准备的引导", all: "全部文章", back: "返回", close: "关闭",
  found: "找到需要的内容了吗？", yes: "找到了", no: "仍需帮助", thanks: "感谢反馈。", none: "未找到相关内容，请换一个词试试。", wait: "请稍候…", off: "暂时无法获取帮助内容。",
  told: "我们会记录您打开了哪些文章，以及文章是否有帮助。", faq: "常见问题", guide: "引导", manual: "手册", video: "视频",
};
const ASK = "M6 6.3a2 2 0 1 1 2.7 1.9c-.5.2-.7.5-.7 1.1M8 11.4v.1M8 1.6a6.4 6.4 0 1 1 0 12.8a6.4 6.4 0 1 1 0-12.8";
const LENS = "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9M10.5 10.5l3 3";
const LEFT = "M10 3.5L5.5 8l4.5 4.5";
const MARKS: Record<string, string> = {
  faq: "M2.5 3h11v8h-6l-3 2.5V11h-2zM5 6h6M5 8.3h4",
  guide: "M3.5 12.5a1.2 1.2 0 1 0 .1 0M12.5 2.5a1.2 1.2 0 1 0 .1 0M5 13.5h4.5a2.5 2.5 0 0 0 0-5h-3a2.5 2.5 0 0 1 0-5H11",
  manual: "M8 4c-1.5-1-3.5-1-5.5-.7v9c2-.3 4-.3 5.5.7 1.5-1 3.5-1 5.5-.7v-9C11.5 3 9.5 3 8 4zv9",
  video: "M2.5 3.5h11v9h-11zM6.8 6v4l3-2z",
  news: "M8 2l1.5 4.5L14 8l-4.5 1.5L8 14l-1.5-4.5L2 8l4.5-1.5z",
};
const TYPING_MS = 250;

export const post: Post = (place, kit) => {
  const { guide, locale, report, scope, icon, ask } = place;
  const { make, draw, spans } = kit;
  const words = isZh(guide.lang || locale) ? ZH : EN;
  const home = guide.steps[0]!;
  const layer = place.layer(css);
  layer.classList.add(guide.place!);
  const title = () => spans(guide.title ?? words.help);
  let panel: HTMLElement | undefined;
  let body: HTMLElement;
  let turn = 0;
  let soon: (() => void) | undefined;
  /** Opened in this page already: told once. */
  const told = new Set<string>();
  const tell = (step: string) => {
    if (!told.has(step)) report("step", step);
    told.add(step);
  };

  const launch = press(kit, "launch", words.help, () => (panel ? shut() : open()), icon(ASK));
  launch.setAttribute("aria-expanded", "false");

  const shut = () => {
    turn++;
    panel?.remove();
    panel = undefined;
    launch.replaceChildren(icon(ASK));
    launch.setAttribute("aria-expanded", "false");
    launch.focus({ preventScroll: true });
  };

  const day = (at: number) => new Date(at).toLocaleDateString(locale, { day: "numeric", month: "long" });

  const row = (one: Resource) => {
    const { key, kind, title: name, summary, url, at } = one;
    const line = press(
      kit,
      "res",
      "",
      () => {
        tell(key);
        if (one.guide) {
          shut();
          place.show(one.guide);
        } else if (url) place.visit(url);
        else void read(one);
      },
      make("span", { class: "tile" }, icon(MARKS[kind] ?? MARKS.manual!)),
      make("span", {}, make("b", {}, ...spans(name)), make("small", {}, ...(at ? [day(at)] : spans(summary ?? "")))),
    );
    return make("li", {}, line);
  };

  const section = (name: string, rows: Resource[] | undefined) =>
    rows?.[0] ? [make("h3", { class: "sec" }, name), make("ul", { class: "list" }, ...rows.map(row))] : [];

  const say = (text: string) => body.replaceChildren(make("p", { class: "none", role: "status" }, text));

  /** What the server says to it, unless the person has gone on meanwhile. */
  const fetch = async (what: object, draws: (answer: any) => (Node | string)[]) => {
    const mine = ++turn;
    const { body: answer } = await ask(what);
    if (mine !== turn || !panel) return;
    if (!answer) return say(words.off);
    const nodes = draws(answer);
    if (nodes[0]) body.replaceChildren(...nodes);
    else say(words.none);
  };

  const contact = () => buttonsOf(home.blocks).map(({ text, actions }) => press(kit, "", "", () => act(place, actions, shut), ...spans(text)));

  const frame = (heading: (Node | string)[], back: boolean, ...more: Node[]) => {
    const cross = press(kit, "x cross", words.close, shut);
    const name = make("h2", { id: "help", tabindex: "-1" }, ...heading);
    body = make("div", { class: "body" });
    const fresh = make(
      "section",
      { class: "panel", role: "dialog", "aria-labelledby": "help" },
      make("div", { class: "top2" }, make("div", { class: "line" }, back && press(kit, "x back", words.back, () => front(), icon(LEFT)), name, cross), ...more),
      body,
      make(
        "div",
        { class: "low" },
        make("div", { class: "line" }, press(kit, "all", "", () => list(words.all, { all: true }, ({ found }) => section(words.all, found)), words.all), ...contact()),
        make("small", {}, words.told),
      ),
    );
    if (panel) panel.replaceWith(fresh);
    else {
      layer.parentNode!.append(layer);
      layer.prepend(fresh);
    }
    panel = fresh;
    return name;
  };

  const list = (name: string, what: object, draws: (answer: any) => (Node | string)[]) => {
    frame([name], true).focus();
    say(words.wait);
    void fetch(what, draws);
  };

  const front = () => {
    const input = make("input", { type: "search", placeholder: words.search, "aria-label": words.search, maxlength: "200" });
    frame(title(), false, make("div", { class: "find" }, icon(LENS), input));
    const first = () =>
      fetch({}, ({ page, news, guides }) => [
        ...home.blocks.map((block) => block.type !== "heading" && draw(block)).filter((one): one is HTMLElement => !!one),
        ...section(words.page, page),
        ...section(words.news, news),
        ...section(words.guides, guides),
      ]);
    input.oninput = () => {
      soon?.();
      const query = input.value.trim();
      soon = scope.after(TYPING_MS, () => (query ? fetch({ query }, ({ found }) => (["faq", "guide", "manual", "video", "news"] as const).flatMap((kind) => section(words[kind], found.filter((one: Resource) => one.kind === kind)))) : first()));
    };
    say(words.wait);
    void first();
    input.focus({ preventScroll: true });
  };

  const read = ({ key, title: name }: Resource) =>
    list("", { article: key }, ({ article }: { article: Article }) => {
      panel!.querySelector("h2")!.replaceChildren(...spans(name));
      const helped = make("div", { class: "helped", role: "status", tabindex: "-1" });
      const answer = (score: number, ...next: (Node | string)[]) => {
        report("answered", key, undefined, { question: "helped", ask: "helped", value: score });
        helped.replaceChildren(...next);
        helped.focus();
      };
      helped.append(
        make("b", {}, words.found),
        press(kit, "secondary", "", () => answer(1, words.thanks), words.yes),
        press(kit, "secondary", "", () => answer(0, ...contact()), words.no),
      );
      return [
        make("div", { class: "text" }, ...article.blocks.map(draw), helped),
      ];
    });

  const open = () => {
    tell(home.id);
    launch.replaceChildren(icon(DOWN));
    launch.setAttribute("aria-expanded", "true");
    front();
  };

  scope.listen(layer, "keydown", (event) => (event as KeyboardEvent).key === "Escape" && panel && shut());
  layer.append(launch);
  if (!guide.resumed) report("shown", home.id);
  return {};
};
