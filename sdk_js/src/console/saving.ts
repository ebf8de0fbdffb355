/** Keeps the draft on the server: a moment after the last change, one request at a time, never over another author. */
import type { Problem } from "./bench";
import type { GuideDoc } from "../draft/document";

export interface Answer {
  etag: string;
  draft: GuideDoc;
  edited_by_name: string;
  edited_at: string;
  problems: Problem[];
}

export type Standing = "saved" | "saving" | "refused" | "away" | "conflict";

export interface Saving {
  changed(): void;
  /** Resolves when nothing waits any more; false when it could not be saved. */
  settled(): Promise<boolean>;
  isDirty(): boolean;
  /** From now on this is what we have read. */
  adopt(etag: string): void;
}

interface Needs {
  url: string;
  etag: string;
  guide(): GuideDoc;
  tell(standing: Standing, detail: string): void;
  heard(problems: Problem[]): void;
  conflict(theirs: Answer): void;
}

const WAIT_MS = 600;
const AGAIN_MS = 4000;

export function openSaving({ url, etag: first, guide, tell, heard, conflict }: Needs): Saving {
  let etag = first;
  let saved = guide();
  let timer = 0;
  let flight: Promise<boolean> | undefined;
  let blocked = false;

  const soon = (wait: number) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void run(), wait);
  };

  const send = async (): Promise<boolean> => {
    const sent = guide();
    tell("saving", "");
    let answer: Response;
    try {
      answer = await fetch(url, { method: "PUT", headers: { "Content-Type": "application/json", "If-Match": `"${etag}"` }, body: JSON.stringify(sent) });
    } catch {
      tell("away", "");
      soon(AGAIN_MS);
      return false;
    }
    if (answer.ok) {
      const body = (await answer.json()) as Answer;
      etag = body.etag;
      saved = sent;
      heard(body.problems);
      tell("saved", body.edited_at);
      return true;
    }
    if (answer.status === 409) return clash(answer);
    return refuse(answer);
  };

  const clash = async (answer: Response): Promise<boolean> => {
    const problem = (await answer.json()) as { code: string; detail: string };
    if (problem.code !== "draft_changed") {
      tell("refused", problem.detail);
      return false;
    }
    blocked = true;
    tell("conflict", "");
    const theirs = await fetch(url);
    if (theirs.ok) conflict((await theirs.json()) as Answer);
    return false;
  };

  const refuse = async (answer: Response): Promise<boolean> => {
    if (answer.status >= 500) {
      tell("away", "");
      soon(AGAIN_MS);
      return false;
    }
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string; errors?: { pointer: string; message: string }[] };
    const errors = problem.errors ?? [];
    heard(errors.map(({ pointer, message }) => ({ pointer: tidy(pointer), message: message.replace(/^Value error, /, ""), blocks: true })));
    tell("refused", errors[0]?.message.replace(/^Value error, /, "") ?? problem.detail ?? "");
    return false;
  };

  const run = (): Promise<boolean> => {
    clearTimeout(timer);
    if (flight) return flight.then(() => (isDirty() && !blocked ? run() : !isDirty()));
    if (!isDirty() || blocked) return Promise.resolve(!isDirty());
    flight = send().finally(() => (flight = undefined));
    return flight.then((went) => (went && isDirty() ? run() : went));
  };

  const isDirty = () => saved !== guide();

  return {
    changed: () => {
      if (!blocked) soon(WAIT_MS);
    },
    settled: run,
    isDirty,
    adopt(now) {
      etag = now;
      blocked = false;
    },
  };
}

/** The names of union members stand in Pydantic's places; the editor's places have none. */
const tidy = (pointer: string): string => pointer.replace(/\/(blocks\/\d+)\/(heading|text|list|image|video|divider|button|code|question)(?=\/|$)/g, "/$1");
