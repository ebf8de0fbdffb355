/** What the core hands to the view chunk: one guide, one run, and the few things the view needs from the page's side. */
import type { Found } from "./core/locate";
import type { Scope } from "./core/scope";
import type { Look } from "./core/theme";
import type { Guide, Progress, Target } from "./wire";

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
  openScope(): Scope;
  visit(href: string): void;
  locate(target: Target, doc: Document): Found;
  watch(doc: Document, scope: Scope, look: () => void, isUrgent?: () => boolean | undefined): void;
  /** Does the page we are on fit these globs? */
  fits(pages: string[] | null | undefined): boolean;
  /** Remembers where the person is, before anything is drawn. */
  keep(step: string): void;
  report(what: Progress, step?: string, reason?: string): void;
  ask(name: string, detail: object): Promise<boolean>;
  /** The run is over; the view has left the page. */
  over(what: "finished" | "dismissed" | "missing", step: string, reason?: string, next?: string): void;
}

export interface Player {
  onRoute(): void;
  onTrack(name: string): void;
  /** Leaves the page without closing the run. */
  stop(): void;
  close(): void;
}

export type Play = (stage: Stage) => Player;
