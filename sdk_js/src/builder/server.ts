/** What the builder asks the server: plain text, the token in the body, nothing cached, nothing in an address. */
import { connect } from "../core/transport";
import type { Guide, Target, Theme } from "../wire";

export type Rule = { on: "event"; name: string } | { on: "page"; path: string } | { on: "element"; target: Target; path?: string };

export interface Tagged {
  key: string;
  name: string;
  module: string;
  core: boolean;
  rules: Rule[];
  n_hour: number;
}

export interface Session {
  token?: string;
  author: string;
  locale: string;
  environment: string;
  workspace: string;
  guide?: string;
}

export interface Catalogue {
  features: Tagged[];
  modules: string[];
  plans: string[];
}

/** A draft as it is stored: texts are a string, or one per language. */
export interface Draft {
  etag: string;
  draft: { key: string; steps: any[]; default_locale?: string; [name: string]: unknown };
  shown: Guide;
  locales: string[];
  themes: Record<string, Theme>;
  problems: string[];
}

export interface Said<T> {
  /** 0: nothing that this page may read. */
  status: number;
  code?: string;
  message?: string;
  body: T;
}

type Server = <T = object>(verb: string, more?: object) => Promise<Said<T>>;

export function openServer(base: string, writeKey: string, token: () => string | undefined): Server {
  const post = connect(base);
  return async (verb, more) => {
    const { status, body } = await post("/v1/builder/" + verb, JSON.stringify({ writeKey, ...(token() && { token: token() }), ...more }));
    return { status, body, code: body?.code, message: body?.message };
  };
}
