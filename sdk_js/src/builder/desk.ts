/** What the tagger and the placer share: the page, the server, the bar and the panel. */
import type { Child } from "../view/dom";
import type { Load } from "../core/guides";
import type { Lights } from "./lights";
import type { Rule, Said } from "./server";
import type { Shell } from "./shell";
import type { Ui } from "./ui";
import type { Words } from "./words";

export interface Desk {
  win: Window;
  shell: Shell;
  words: Words;
  ui: Ui;
  lights: Lights;
  load: Load;
  /** Names of the events of this tab, newest last. */
  seen: Set<string>;
  ask<T = object>(verb: string, more?: object): Promise<Said<T>>;
  /** Counts clicks on a rule that the page's SDK has not heard of yet. */
  count(key: string, rule: Rule): void;
  /** The panel with this title; it keeps the focus where it was, if it had it. */
  show(title: string, ...nodes: Child[]): void;
  /** The panel makes room; a line with one button stays. */
  hide(text: string, button: string, run: () => void): void;
  /** The panel stands on the side where this element is not. */
  avoid(el?: Element): void;
  onRoute(run: () => void): void;
}
