/** Makes nodes. Text is only ever text: nothing here reads markup. */

type Child = Node | string | null | undefined | false;

export const make = <K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, string>, ...children: Child[]): HTMLElementTagNameMap[K] =>
  fill(document.createElement(tag), attributes, children);

const fill = <T extends Element>(node: T, attributes: Record<string, string>, children: Child[]): T => {
  Object.keys(attributes).forEach((name) => node.setAttribute(name, attributes[name]!));
  node.append(...children.filter((child): child is Node | string => !!child));
  return node;
};

/** A drawing from one path, decorative. */
export const draw = (name: string, box: string, ...paths: string[]): SVGSVGElement => {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  return fill(
    svg,
    { class: name, viewBox: box, "aria-hidden": "true" },
    paths.map((d) => fill(document.createElementNS(space, "path"), { d }, [])),
  );
};

/** https, mail and our own origin; anything else is no link. */
export const safeUrl = (url: string | null | undefined): string | undefined => {
  try {
    const { protocol, origin, href } = new URL(url!, location.href);
    return protocol === "https:" || protocol === "mailto:" || origin === location.origin ? href : undefined;
  } catch {
    return undefined;
  }
};
