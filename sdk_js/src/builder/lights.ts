/** Outlines over elements of the page, kept in place by scrolling, resizes and changes of the page; nothing ticks. */
import { watchPage } from "../core/watch";
import { make } from "../view/dom";
import { boxOf } from "../view/stand";
import { lay, type Shell } from "./shell";

export interface Light {
  el: Element;
  /** known: a feature that is there; match: what the new rule sees; here: what is pointed at. */
  kind: "known" | "match" | "here";
  label?: string;
}

export interface Lights {
  /** Lights what `find` finds, now and after each change of the page. */
  follow(find: () => Light[]): void;
}

export function openLights(win: Window, shell: Shell): Lights {
  const { doc, scope, lights } = shell;
  let find: () => Light[] = () => [];
  let found: Light[] = [];

  const paint = () => {
    const boxes = found.map(({ el, kind, label }) => {
      const [x, y, width, height] = boxOf(win, el);
      const box = make("div", { class: "light " + kind }, label && make("span", {}, label));
      if (y < 24) box.classList.add("inside");
      [["left", x - 3], ["top", y - 3], ["width", width + 6], ["height", height + 6]].forEach(([name, length]) => box.style.setProperty(name as string, length + "px"));
      return box;
    });
    lay(lights, ...boxes);
  };
  const draw = () => {
    found = find().filter(({ el }) => el.isConnected);
    paint();
  };
  watchPage(doc, scope, () => {
    shell.rise();
    draw();
  });
  scope.listen(win, "scroll resize", paint, true);
  return {
    follow(wanted) {
      find = wanted;
      draw();
    },
  };
}
