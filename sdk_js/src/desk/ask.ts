/** Tells the page's listeners, and asks them. */
import type { Tools } from "../core/guides";

/** How long a listener may think about `beforeStep` and `beforeClose`. */
const HOOK_MS = 2000;

/** Tells every listener; the first `false` among the answers is the answer. An error in one never reaches another. */
export const ask = (tools: Tools, name: string, detail: unknown): Promise<boolean> => asking(tools, name, detail).catch(() => true);

const asking = async (tools: Tools, name: string, detail: unknown): Promise<boolean> => {
  const answers = [...(tools.handlers.get(name) ?? [])].map(async (handler) => handler(detail));
  if (!answers.length) return true;
  let off: () => void;
  const late = new Promise<void>((done) => (off = tools.scope.after(HOOK_MS, done)));
  const settled = await Promise.race([Promise.all(answers.map((answer) => answer.catch(() => true))), late]);
  off!();
  if (!settled) ask(tools, "timeout", { event: name });
  return !settled?.includes(false);
};
