/** Start by link: `…#milepost=<guide>` begins a guide its author marked linkable, also after the login page in between. */
import type { Tools } from "../core/guides";

const FOR_MS = 900_000;
const LINK = /([#&])milepost=([\w-]+)/;

interface Linked {
  guide: string;
  until: number;
}

/** Takes the wish out of the address, keeps it for a quarter of an hour, and fulfils it once the guide is offered. */
export function follow({ win, store, offered, show }: Tools): void {
  const { location, history } = win;
  const [piece, mark, asked] = LINK.exec(location.hash) ?? [];
  if (asked) {
    store.write("link", { guide: asked, until: Date.now() + FOR_MS });
    history.replaceState(history.state, "", location.pathname + location.search + location.hash.replace(piece!, mark === "#" ? "#" : "").replace(/^#&?$/, ""));
  }
  const { guide, until } = store.read<Linked>("link") ?? ({} as Linked);
  const found = offered().find((one) => one.linkable && one.steps[0] && (one.guide === guide || one.key === guide));
  if (found || until < Date.now()) store.write("link", undefined);
  if (found && until > Date.now()) show(guide, undefined, true);
}
