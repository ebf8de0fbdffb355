/** Makes nodes. Text is only ever text: nothing here reads markup. */

export type Child = Node | string | null | undefined | false;

export const make = <K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, string>, ...children: Child[]): HTMLElementTagNameMap[K] => {
  const node = document.createElement(tag);
  Object.keys(attributes).forEach((name) => node.setAttribute(name, attributes[name]!));
  fill(node, children);
  return node;
};

export const fill = (node: Element, children: Child[]): void => node.append(...children.filter((child): child is Node | string => !!child));

/** https, mail and paths of the host product; anything else is no address. */
export const safeUrl = (url: string | null | undefined): string | false => /^(https:\/\/|mailto:|\/(?![/\\]))/.test(url!) && url!;
