/** Naming features: by pointing, by this page, by an event just seen; lit on the page, previewed, published, counted. */
import { fitsPage, globOf } from "../core/paths";
import { nameOf } from "../core/locate";
import { make, type Child } from "../view/dom";
import { childOf, parentOf, pick } from "./pick";
import { describe, type Described } from "./describe";
import { elementsOf, showFound } from "./found";
import type { Desk } from "./desk";
import type { Light } from "./lights";
import type { Catalogue, Rule, Tagged } from "./server";

interface Form {
  described?: Described;
  /** What the rule hears, without the pages. */
  event?: string;
  page?: string;
  isNew: boolean;
  into: string;
  name: string;
  key: string;
  keyed: boolean;
  module: string;
  plans: string;
  core: boolean;
  where: string;
  error?: { name?: string; key?: string; all?: string };
}

const KEY = /^[a-z0-9][a-z0-9_.-]{0,79}$/;
const COUNT_MS = 3000;

const keyOf = (name: string): string =>
  name.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60);

export function openTagger(desk: Desk): void {
  const { win, shell, words, ui, ask, lights, seen, count } = desk;
  const { doc } = shell;
  let catalogue: Catalogue = { features: [], modules: [], plans: [] };
  let stopPicking: (() => void) | undefined;
  let timer: (() => void) | undefined;

  const path = () => win.location.pathname;
  const isHere = (rule: Rule) => fitsPage(rule.on === "element" ? [rule.path ?? "/**"] : rule.on === "page" ? [rule.path] : null, path());
  const elements = ({ rules }: Tagged) => rules.flatMap((rule) => (rule.on === "element" && isHere(rule) ? elementsOf(rule.target, doc) : []));
  const known = (): Light[] => catalogue.features.flatMap((one) => elements(one).map((el): Light => ({ el, kind: "known", label: one.name })));

  const refresh = async () => {
    const { status, body } = await ask<Catalogue>("catalogue");
    if (status === 200) catalogue = body;
    return status === 200;
  };

  /** Counts again every few seconds while somebody looks. */
  const live = (run: () => void) => {
    timer?.();
    timer = shell.scope.after(COUNT_MS, async () => {
      if (doc.visibilityState === "visible" && (await refresh())) run();
      live(run);
    });
  };

  const home = () => {
    const here = catalogue.features.filter((one) => elements(one)[0] || one.rules.some((rule) => rule.on === "page" && isHere(rule)));
    const shown = here.map((one) =>
      make("li", {}, make("b", {}, one.name), make("span", { class: "soft" }, [one.module, words.hour(one.n_hour)].filter(Boolean).join(" · "))),
    );
    desk.show(
      words.tagging,
      make("div", { class: "stack" }, ui.button(words.point, "primary wide", startPick), make("div", { class: "pair" }, ui.button(words.thisPage, "", () => begin({ page: globOf(path()) })), ui.button(words.anEvent, "", events))),
      make("h3", {}, words.here),
      shown[0] ? make("ul", { class: "lines" }, ...shown) : make("p", { class: "soft" }, words.noneHere),
    );
  };
  const goHome = () => {
    lights.follow(known);
    home();
    live(home);
  };

  const startPick = () => {
    timer?.();
    lights.follow(() => []);
    desk.hide(words.pointing, words.stopPointing, () => {
      stopPicking?.();
      goHome();
    });
    stopPicking = pick(win, shell, words, (el) => (el ? begin({ described: describe(el, doc) }) : goHome()));
  };

  const events = () => {
    timer?.();
    const names = [...seen].filter((name) => name[0] !== "$");
    desk.show(
      words.eventsSeen,
      names[0] ? make("ul", { class: "lines press" }, ...names.map((name) => make("li", {}, ui.button(name, "line", () => begin({ event: name }))))) : make("p", { class: "soft" }, words.noEvents),
      make("div", { class: "foot" }, ui.button(words.back, "", goHome)),
    );
  };

  const begin = (what: Pick<Form, "described" | "event" | "page">) => {
    timer?.();
    const said = what.described ? nameOf(what.described.element) : what.event ?? (doc.title.split(/[·|–—-]/)[0] ?? "").trim();
    const name = said.length <= 80 ? said : "";
    // A Chinese name gives no key: the element's own name in the code, else the page's, is a beginning.
    const coded = what.described?.target?.locators.find(({ by }) => by === "testid" || by === "attribute")?.value ?? what.page ?? path();
    form({ ...what, isNew: true, into: catalogue.features[0]?.key ?? "", name, key: keyOf(name) || keyOf(coded), keyed: false, module: "", plans: "", core: false, where: what.page ?? globOf(path()) });
  };

  const ruleOf = ({ described, event, where }: Form): Rule | undefined =>
    event ? { on: "event", name: event } : !described ? { on: "page", path: where } : described.target && { on: "element", target: described.target, path: where };

  const matches = ({ described }: Form): Light[] => {
    const all = described?.target ? elementsOf(described.target, doc) : [];
    const el = described?.element;
    return [...all.map((one): Light => ({ el: one, kind: "match" })), ...(el && !all.includes(el) ? [{ el, kind: "here" as const }] : [])];
  };

  const form = (state: Form) => {
    const { described, event, page, error } = state;
    lights.follow(() => matches(state));
    desk.avoid(described?.element);
    const again = (el?: Element) => el && form({ ...state, described: describe(el, doc) });
    const said = make("p", { class: "soft lit" }, described ? words.lit(matches(state).length) : event ?? state.where);
    const at = globOf(path());
    const fields: Child[] = state.isNew
      ? [
          ui.input(words.featureName, state.name, (text) => {
            state.name = text.trim();
            if (state.keyed) return;
            state.key = keyOf(state.name) || state.key;
            const key = shell.root.querySelector<HTMLInputElement>(".key input");
            if (key) key.value = state.key;
          }, { error: error?.name }),
          make("div", { class: "key" }, ui.input(words.key, state.key, (text) => {
            state.key = text.trim();
            state.keyed = true;
          }, { hint: words.keyHint, error: error?.key })),
          ui.input(words.module, state.module, (text) => (state.module = text.trim()), { list: catalogue.modules }),
          ui.input(words.plans, state.plans, (text) => (state.plans = text), { hint: words.plansHint, list: catalogue.plans }),
          ui.tick(words.core, state.core, (ticked) => (state.core = ticked)),
        ]
      : [ui.choice(words.feature, state.into, catalogue.features.map((one) => [one.key, one.name]), (key) => (state.into = key))];
    desk.show(
      state.isNew ? words.newFeature : words.existing,
      described &&
        make(
          "div",
          { class: "stack" },
          said,
          make("div", { class: "trio" }, ui.button(words.wider, "", () => again(parentOf(described.element))), ui.button(words.narrower, "", () => again(childOf(described.element))), ui.button(words.pointAgain, "", startPick)),
          showFound(described, words),
        ),
      !described && said,
      catalogue.features[0] &&
        make("div", { class: "switch", role: "group", "aria-label": words.feature }, ...[true, false].map((fresh) =>
          ui.button(fresh ? words.newFeature : words.existing, "", () => form({ ...state, isNew: fresh, error: undefined }), { "aria-pressed": `${state.isNew === fresh}` }))),
      ...fields,
      (described || page) &&
        ui.choice(words.where, state.where, [[at, words.only(at)], ...(at === "/" ? [] : [[`${at}/**`, words.below(at)] as [string, string]]), ["/**", words.everywhere]], (glob) => {
          state.where = glob;
          if (page) said.textContent = glob;
        }),
      error?.all && make("p", { class: "error", role: "alert" }, error.all),
      make("div", { class: "foot" }, ui.button(words.back, "", goHome), ui.button(words.next, "primary", () => check(state))),
    );
  };

  const bodyOf = (state: Form, rule: Rule) => ({
    key: state.key,
    name: state.name,
    module: state.module,
    core: state.core,
    rules: [rule],
    ...(state.plans.trim() && { plans: state.plans.split(/[,，、]/).map((plan) => plan.trim()).filter(Boolean) }),
  });

  /** What would move is shown before anything is published. */
  const check = async (state: Form) => {
    const rule = ruleOf(state);
    const error: Form["error"] = {};
    if (!rule) error.all = words.lost;
    if (state.isNew && !state.name) error.name = words.needName;
    if (state.isNew && !KEY.test(state.key)) error.key = words.needKey;
    if (!rule || error.name || error.key) return form({ ...state, error });
    if (!state.isNew) return publish(state, rule);
    const { status, body, message } = await ask<{ n_accounts: number; n_moved: number; warnings: string[] }>("preview", { feature: bodyOf(state, rule) });
    if (status !== 200) return form({ ...state, error: { all: message ?? words.silent } });
    desk.show(
      state.name,
      make("p", {}, words.effects(body.n_moved, body.n_accounts)),
      ...body.warnings.map((text) => make("p", { class: "soft" }, text)),
      make("div", { class: "foot" }, ui.button(words.back, "", () => form(state)), ui.button(words.publish, "primary", () => publish(state, rule))),
    );
  };

  const publish = async (state: Form, rule: Rule) => {
    const said = state.isNew ? await ask("feature", { feature: bodyOf(state, rule) }) : await ask("rule", { key: state.into, rule });
    if (said.status !== 200) return form({ ...state, error: { all: said.message ?? words.silent } });
    const key = state.isNew ? state.key : state.into;
    count(key, rule);
    await refresh();
    lights.follow(() => matches(state));
    published(key);
    live(() => published(key));
  };

  const published = (key: string) => {
    const one = catalogue.features.find((feature) => feature.key === key);
    if (!one) return goHome();
    desk.show(
      words.published(one.name),
      make("p", { class: "figure" }, words.hour(one.n_hour)),
      make("p", { class: "soft" }, words.tryIt),
      make("div", { class: "foot" }, ui.button(words.another, "primary", goHome)),
    );
  };

  desk.onRoute(() => {
    if (!stopPicking || !shell.root.querySelector(".glass")) goHome();
  });
  void refresh().then(goHome);
}
