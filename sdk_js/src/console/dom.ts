/** Makes the console's nodes. Text is only ever text: nothing here reads markup. */
export type Child = Node | string | false | null | undefined;
type Attributes = Record<string, string | boolean | undefined | ((event: any) => void)>;

const SVG = "http://www.w3.org/2000/svg";
let sheet = "";

export const learnIcons = (address: string): void => {
  sheet = address;
};

/** `onclick` and its kin are listeners; true is a bare attribute, false and undefined are none. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child): child is Node | string => child !== false && child !== null && child !== undefined));
  return node;
}

export function icon(name: string, extra = ""): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sheet}#${name}`);
  svg.append(use);
  return svg;
}

export function fill(node: Element, ...children: Child[]): void {
  node.replaceChildren(...children.filter((child): child is Node | string => child !== false && child !== null && child !== undefined));
}
