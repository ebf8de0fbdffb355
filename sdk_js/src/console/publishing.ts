/** From draft to air: what is still to look at is said first; the answer is a numbered version that never changes. */
import type { Bench, Problem } from "./bench";
import { el, fill, icon } from "./dom";
import { placed } from "./faults";
import { languageName } from "./fields";
import type { Saving } from "./saving";
import { missingIn } from "./texts";
import { say } from "./words";

export interface Publishing {
  button(): HTMLElement;
  dialog: HTMLDialogElement;
}

export function openPublishing(bench: Bench, saving: Saving, done: () => void): Publishing {
  const { state } = bench;
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "publish-title" });
  const said = el("div", { class: "stack tight" });

  const warn = (text: string) => el("li", {}, text);
  const warnings = (): HTMLElement[] => {
    const missing = bench.locales().map((locale) => [locale, missingIn(bench, locale)] as const).filter(([, n]) => n > 0);
    return [
      ...bench.problems().map((one) => warn(one.blocks ? `${say("Stops publication:")} ${placed(one)}` : placed(one))),
      ...missing.map(([locale, n]) => warn(say("Texts missing in %(language)s: %(n)s. People who read it see the default language there.", { language: languageName(locale), n }))),
    ];
  };

  const refuse = (problem: { detail?: string; errors?: Problem[] }) =>
    fill(said, el("div", { class: "notice bad", role: "alert" }, icon("warn"), el("div", {}, el("b", {}, say("It can't be published yet.")), ...(problem.errors ?? []).map((one) => el("span", { class: "sub" }, one.message)), !problem.errors?.length && el("span", { class: "sub" }, problem.detail ?? ""))));

  const publish = async () => {
    if (!(await saving.settled())) return refuse({ detail: say("The draft could not be saved.") });
    const answer = await fetch(state.urls.publish, { method: "POST" }).catch(() => undefined);
    if (!answer) return refuse({ detail: say("The server does not answer.") });
    if (!answer.ok) return refuse(await answer.json());
    const { version } = (await answer.json()) as { version: number };
    state.version = version;
    state.status = "published";
    dialog.close();
    done();
    bench.announce(say("Live as version %(n)s in %(environment)s", { n: version, environment: state.environment_name }));
  };

  const ask = async () => {
    await saving.settled();
    const listed = warnings();
    fill(said, ...(listed.length ? [el("p", {}, say("Still to look at:")), el("ul", { class: "bullets" }, ...listed)] : [el("p", {}, say("Nothing is left to look at."))]));
    fill(
      dialog,
      el("h2", { id: "publish-title" }, say("Publish “%(name)s” to %(environment)s?", { name: bench.guide().name, environment: state.environment_name })),
      said,
      el("p", { class: "hint" }, say("It becomes a numbered version that never changes; any older one can be published again."), " ", state.version !== null && el("a", { class: "link", href: state.urls.changes }, say("See what changes"))),
      el("div", { class: "dialog-foot row" }, el("button", { type: "button", class: "btn push", onclick: () => dialog.close() }, say("Cancel")), el("button", { type: "button", class: "btn btn-primary", onclick: () => void publish() }, icon("upload"), say("Publish"))),
    );
    dialog.showModal();
  };

  return { button: () => el("button", { type: "button", class: "btn btn-sm btn-primary", "data-at": "publish", onclick: () => void ask() }, say("Publish")), dialog };
}
