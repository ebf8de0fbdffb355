/** What the desk hands to the chunk that draws: one guide, one run, and the few things the view needs from the page's side. */
import type { Found } from "./core/locate";
import type { Scope } from "./core/scope";
import type { Look } from "./desk/theme";
import type { Answer } from "./core/transport";
import type { make } from "./view/dom";
import type { Surface } from "./view/surface";
import type { Block, Guide, Progress, Rich, Standing, Target } from "./wire";

export interface Stage {
  win: Window;
  guide: Guide;
  /** The id of the step to begin with; the first one when there is no such step. */
  from?: string | number | null;
  /** A run that was shown before this page load. */
  resumed: boolean;
  /** The person asked for it: no "later", no "no tips". */
  free: boolean;
  look: Look;
  locale: string;
  /** Our own words in the guide's language; without them they are English. */
  words?: readonly string[];
  icon(path: string): Node & Element;
  openScope(): Scope;
  visit(href: string): void;
  locate(target: Target, doc: Document): Found;
  watch(doc: Document, scope: Scope, look: () => void, isUrgent?: () => boolean | undefined): void;
  /** Does the page we are on fit these globs? */
  fits(pages: string[] | null | undefined): boolean;
  /** Remembers where the person is, before anything is drawn. */
  keep(step: string): void;
  report(what: Progress, step?: string, reason?: string): void;
  /** What a person answered to a question. */
  answer(step: string, answer: object): void;
  ask(name: string, detail: object): Promise<boolean>;
  /** The run is over; the view has left the page. */
  over(what: "finished" | "dismissed" | "missing", step: string, reason?: string, next?: string): void;
}

export interface Player {
  onRoute(): void;
  onTrack(name: string): void;
  /** To this step: another tab is there. */
  move?(step: string): void;
  /** Leaves the page without closing the run. */
  stop(): void;
  close(): void;
}

/** What all kinds are drawn with: the view's own parts. */
export interface Kit {
  make: typeof make;
  spans(rich: Rich): (Node | string)[];
  draw(block: Block): HTMLElement | false;
  openSurface(stage: Stage): Surface;
  css: string;
}

export type Play = (stage: Stage, kit: Kit) => Player;

/** What a standing guide is given. */
export interface Place {
  win: Window;
  guide: Standing;
  locale: string;
  scope: Scope;
  icon(path: string): Node & Element;
  report(what: string, step?: string, reason?: string, more?: object): void;
  show(guide: string): void;
  visit(href: string): void;
  layer(css: string, home?: (host: Element) => void): HTMLElement;
  recall(): any;
  remember(value: unknown): void;
  /** Asks for resources. */
  ask(body: object): Promise<Answer>;
  finish(): void;
  dismiss(reason: string): void;
}

/** It leaves with its scope. */
export interface Posted {
  /** The tasks that are done. */
  update?(done: string[]): void;
}

export type Post = (place: Place, kit: Kit) => Posted;
