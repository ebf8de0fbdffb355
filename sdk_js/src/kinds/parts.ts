/** Small parts the further kinds share: drawn marks, buttons, and what their buttons do. */
import type { Kit, Place } from "../stage";
import type { Action, Block, ButtonBlock, Rich } from "../wire";
import { safeUrl } from "../view/dom";

export const isZh = (lang: string | undefined): boolean => /^zh/i.test(lang ?? "");

export const buttonsOf = (blocks: Block[]): ButtonBlock[] => blocks.filter((block): block is ButtonBlock => block.type === "button");

export const plain = (rich: Rich | undefined): string => (typeof rich === "string" ? rich : (rich ?? []).map(({ text }) => text).join(""));

/** A button with a name for those who hear it. */
export const press = ({ make }: Kit, name: string, label: string, run: (event: MouseEvent) => unknown, ...inner: (Node | string)[]): HTMLButtonElement => {
  const button = make("button", { type: "button", class: name, ...(label && { "aria-label": label }) }, ...inner);
  button.onclick = run;
  return button;
};

/** What a standing guide's buttons do. */
export const act = (place: Place, actions: Action[], close: (reason: string) => void): void =>
  actions.forEach(({ do: what, guide, url }) => {
    if (what === "start") place.show(guide!);
    else if (what === "open" && safeUrl(url)) place.visit(url!);
    else if (what !== "open") close(what === "close" || what === "next" || what === "finish" ? "closed" : what);
  });

export const DOWN = "M3.5 6l4.5 4.5L12.5 6";
export const TICK = "M3.5 8.5l3 3 6-7";
