/** One POST to the server: plain text (no preflight), bounded in time and size, never throws. */
import { attempt } from "./scope";

export interface Answer {
  /** 0 when nothing, or nothing readable, came back. */
  status: number;
  body: any;
  retry_ms: number;
}

export type Post = (path: string, body: string, timeout_ms?: number) => Promise<Answer>;

const MOST_ANSWER = 1_000_000;
const MOST_KEEPALIVE = 60_000;

export const connect =
  (base: string): Post =>
  async (path, body, timeout_ms = 10_000) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeout_ms);
    const answer: Answer = { status: 0, body: null, retry_ms: 0 };
    try {
      const response = await fetch(base + path, {
        method: "POST",
        body,
        headers: { "content-type": "text/plain" },
        credentials: "omit",
        redirect: "manual",
        referrerPolicy: "origin",
        keepalive: body.length < MOST_KEEPALIVE,
        signal: stop.signal,
      });
      answer.retry_ms = 1000 * (Number(response.headers.get("retry-after")) || 0);
      answer.body = JSON.parse(await readBounded(response, stop));
      answer.status = response.status;
    } catch {
      attempt(() => stop.abort());
    }
    clearTimeout(timer);
    return answer;
  };

async function readBounded(response: Response, stop: AbortController): Promise<string> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
    if (text.length > MOST_ANSWER) stop.abort();
  }
}
