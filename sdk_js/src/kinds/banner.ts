/** A banner: one line at the top or the bottom, in the page's flow or over it. */
import type { Post } from "../stage";
import css from "./banner.css";
import { act, buttonsOf, isZh, press } from "./parts";

const HORN = "M2 6.5v3h2l5 3v-9l-5 3zM11.5 6a2.5 2.5 0 0 1 0 4M4.5 9.5l.8 3.5h1.9L6.4 9.9";

export const post: Post = (place, kit) => {
  const { win, guide, locale, report, scope, layer, icon } = place;
  const { make, draw, spans } = kit;
  const step = guide.steps[0]!;
  const { body } = win.document;
  const bottom = guide.place === "bottom";
  const zh = isZh(guide.lang || locale);
  const buttons = buttonsOf(step.blocks).map((block) =>
    press(kit, block.style === "primary" ? "primary" : "go", "", () => act(place, block.actions, place.dismiss), ...spans(block.text)),
  );
  const home = layer(
    css + (guide.overlay ? "" : ":host{display:block!important;" + (bottom ? "position:sticky!important;bottom:0!important;z-index:2147483646!important}" : "}")),
    guide.overlay ? undefined : (host) => (bottom ? body.append(host) : body.prepend(host)),
  );
  if (guide.overlay) home.classList.add("over");
  if (bottom) home.classList.add("bottom");
  home.append(
    make(
      "section",
      { class: "bar", "aria-label": zh ? "公告横幅" : "Announcement" },
      icon(HORN) ,
      make("div", { class: "words" }, ...step.blocks.map(draw), ...buttons),
      press(kit, "x cross", zh ? "关闭" : "Close", () => place.dismiss("closed")),
    ),
  );
  scope.listen(home, "keydown", (event) => (event as KeyboardEvent).key === "Escape" && place.dismiss("closed"));
  report("shown", step.id);
  report("step", step.id);
  return {};
};
