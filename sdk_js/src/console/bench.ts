/** What every part of the editor shares: the draft, where one stands in it, and how it is changed. */
import type { GuideDoc, Path } from "../draft/document";

export interface Named {
  key: string;
  name: string;
}

export interface KnownFact {
  fact: string;
  name: string;
  values: (string | number | boolean)[];
}

export interface Problem {
  pointer: string;
  message: string;
  blocks: boolean;
}

/** What the page brings. */
export interface State {
  version: number | null;
  status: string;
  etag: string;
  draft: GuideDoc;
  problems: Problem[];
  locale: string;
  dark: boolean;
  environment_name: string;
  features: Named[];
  guides: Named[];
  facts: KnownFact[];
  themes: Record<string, object>;
  words: Record<string, string>;
  icons: string;
  urls: { draft: string; size: string; preview: string; publish: string; guide: string; changes: string; place?: string };
}

export interface Bench {
  state: State;
  guide(): GuideDoc;
  /** Languages of the guide, its default first; one that was just added has no text yet. */
  locales(): string[];
  addLocale(locale: string): void;
  locale(): string;
  step(): number;
  selectStep(index: number): void;
  problems(): Problem[];
  /** A change that makes other fields: everything is drawn anew. */
  change(next: GuideDoc): void;
  /** As `change`, for one place. */
  set(path: Path, value: unknown): void;
  /** Typing into one field: the field stays as it is, all else follows. */
  type(path: Path, value: unknown): void;
  redrawBar(): void;
  announce(text: string): void;
}
