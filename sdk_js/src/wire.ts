/** The shapes between SDK and server, as the SDK reads them. The server's own models (milepost.wire) decide. */

export interface Locator {
  by: "testid" | "role" | "attribute" | "structure" | "text" | "css";
  value: string;
  name?: string | null;
}

export interface Target {
  locators: Locator[];
}

export interface Event {
  type: "track" | "page" | "identify" | "group";
  event?: string;
  messageId: string;
  timestamp: string;
  userId?: string;
  anonymousId: string;
  groupId?: string;
  properties?: object;
  traits?: object;
  context: object;
}

export interface Action {
  do: "next" | "back" | "finish" | "close" | "later" | "never" | "no_tips" | "go_to" | "open" | "start";
  step?: string;
  url?: string;
  guide?: string;
}

/** A run of text; plain strings are runs without marks. */
export interface Span {
  text: string;
  bold?: boolean;
  italic?: boolean;
  code?: boolean;
  link?: string | null;
}

export type Rich = string | Span[];

export type Block =
  | { type: "heading"; text: Rich }
  | { type: "text"; text: Rich }
  | { type: "list"; ordered?: boolean; items: Rich[] }
  | { type: "image"; src: string; alt?: string; width?: number; height?: number }
  | { type: "video"; src: string; title?: string; poster?: string | null }
  | { type: "divider" }
  | { type: "code"; text: string }
  | QuestionBlock
  | ButtonBlock;

/** Something to answer in a survey. */
export interface QuestionBlock {
  type: "question";
  id: string;
  ask: "nps" | "csat" | "choice" | "text";
  text?: Rich;
  low?: Rich;
  high?: Rich;
  options?: { id: string; text: Rich }[];
  many?: boolean;
  required?: boolean;
  max_length?: number;
}

/** Where a survey goes on after an answer; without a step it ends. */
export interface Branch {
  question: string;
  op: "is" | "has" | "lte" | "gte";
  value: string | number;
  step?: string | null;
}

export interface ButtonBlock {
  type: "button";
  id: string;
  text: Rich;
  style?: "primary" | "secondary" | "quiet";
  actions: Action[];
}

export interface Advance {
  on: "click" | "input" | "url" | "event";
  target?: Target | null;
  value?: string | null;
  path?: string | null;
  event?: string | null;
}

export interface Step {
  id: string;
  kind?: "tooltip" | "modal";
  pages?: string[] | null;
  target?: Target | null;
  placement?: "auto" | "top" | "bottom" | "left" | "right";
  blocks: Block[];
  advance?: Advance[];
  missing?: "skip" | "centre" | "wait" | "end";
  wait_ms?: number;
  interaction?: "allow" | "block";
  backdrop?: "spotlight" | "dim" | "none";
  escape?: boolean;
  arrows?: boolean;
  overlay_click?: "nothing" | "next" | "close";
  /** A task's rule stays with the server. */
  done_when?: never;
  branches?: Branch[];
}

export interface Guide {
  guide: string;
  key?: string;
  version: number;
  name?: string;
  kind: string;
  title?: Rich;
  place?: "auto" | "top" | "bottom" | "start" | "end";
  overlay?: boolean;
  ordered?: boolean;
  collapsed?: boolean;
  lang?: string;
  dir?: "ltr" | "rtl";
  theme?: string | null;
  budget?: "spend" | "free";
  linkable?: boolean;
  pages?: string[];
  trigger?: { on?: "page" | "element" | "event" | "manual"; target?: Target | null; event?: string | null };
  steps: Step[];
}

/** A theme: the sixteen properties of the guide look, without their `--mp-`. */
export interface Theme {
  mode?: "light" | "dark" | "auto";
  light?: Record<string, string>;
  dark?: Record<string, string>;
}

export interface Rule {
  feature: string;
  path?: string;
  target: Target;
}

export interface BootAnswer {
  now: number;
  rules_etag?: string;
  rules?: Rule[];
  themes?: Record<string, Theme>;
  guides?: Guide[];
  standing?: Standing[];
  open_runs?: { run: string; guide: string; version: number; step: string | null }[];
  no_tips?: boolean;
}

/** What stands in the page by itself, with the run it belongs to and how far its tasks are. */
export interface Standing extends Guide {
  run?: string;
  done?: string[];
  /** Tasks that no rule decides. */
  by_hand?: string[];
  /** It was shown before. */
  resumed?: boolean;
}

export type Progress = "shown" | "step" | "finished" | "dismissed" | "missing" | "answered";

/** One line of the resource centre. */
export interface Resource {
  key: string;
  kind: "faq" | "guide" | "manual" | "video" | "news";
  title: Rich;
  summary?: Rich;
  url?: string;
  guide?: string;
  /** Since when it is news, in ms. */
  at?: number;
}

export interface Article extends Resource {
  blocks: Block[];
}
