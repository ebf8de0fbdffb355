/** "214 people in 31 accounts": asked of the server, by the very rules that choose who is shown the guide. */
import type { Bench } from "./bench";
import type { Tree } from "../draft/document";
import { say } from "./words";

const WAIT_MS = 350;

export interface Size {
  ask(): void;
  draw(): void;
  label(): string;
}

export function openSize(bench: Bench): Size {
  let asked: Tree | null | undefined | "nothing" = "nothing";
  let text = say("Counting…");
  let timer = 0;
  let turn = 0;

  const draw = () => {
    document.querySelectorAll("[data-size]").forEach((node) => (node.textContent = text));
  };

  const count = async () => {
    const mine = ++turn;
    const audience = bench.guide().audience ?? null;
    asked = audience;
    const answer = await fetch(bench.state.urls.size, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ audience }) }).catch(() => undefined);
    if (mine !== turn) return;
    if (answer?.ok) {
      const { people, accounts } = (await answer.json()) as { people: number; accounts: number };
      const number = (n: number) => n.toLocaleString(bench.state.locale);
      text = say(people === 1 && accounts === 1 ? "1 person in 1 account" : accounts === 1 ? "%(people)s people in 1 account" : "%(people)s people in %(accounts)s accounts", { people: number(people), accounts: number(accounts) });
    } else text = answer?.status === 422 ? say("A condition is not complete") : say("Not counted");
    bench.redrawBar();
    draw();
  };

  return {
    ask() {
      if ((bench.guide().audience ?? null) === asked) return;
      clearTimeout(timer);
      timer = window.setTimeout(() => void count(), WAIT_MS);
    },
    draw,
    label: () => text,
  };
}
