/** Applies each change to each target on a fresh page, and asks the SDK where the target is now. */
import { describe } from "../../../sdk_js/src/builder/describe";
import { locate } from "../../../sdk_js/src/core/locate";
import { MUTATIONS } from "./mutations";

interface Row {
  page: string;
  target: string;
  kind: string;
  change: string;
  verdict: "right" | "wrong" | "abstained";
  why?: string;
}

function attachShadows(root: ParentNode): void {
  root.querySelectorAll<HTMLTemplateElement>("template[data-shadow]").forEach((template) => {
    const shadow = template.parentElement!.attachShadow({ mode: "open" });
    shadow.append(template.content);
    template.remove();
    attachShadows(shadow);
  });
}

function load(html: string): void {
  document.body.replaceWith(document.importNode(new DOMParser().parseFromString(html, "text/html").body, true));
  attachShadows(document);
}

const find = (at: string[]): Element => at.reduce((root: ParentNode, css) => root.querySelector(css)!.shadowRoot ?? root.querySelector(css)!, document as ParentNode) as Element;

(window as any).judge = (pages: Record<string, string>, targets: { page: string; at: string[] }[]) => {
  const rows: Row[] = [];
  const sure: Record<string, string> = {};
  for (const { page, at } of targets) {
    for (const [kind, change, apply] of MUTATIONS) {
      load(pages[page]!);
      const { element, target, confidence } = describe(find(at));
      sure[`${page} ${at.join(" ")}`] = confidence;
      const after = target ? apply(element) : "n/a";
      if (after === "n/a") continue;
      const { el, why } = locate(JSON.parse(JSON.stringify(target)), document);
      const verdict = el === after ? "right" : el ? "wrong" : "abstained";
      rows.push({ page, target: at.join(" "), kind, change, verdict, why: el ? undefined : why });
    }
  }
  return { rows, sure };
};
