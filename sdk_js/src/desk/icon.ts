/** Drawn marks, without markup. */
const SVG = "http://www.w3.org/2000/svg";

/** A mark of lines on a 16 × 16 grid. */
export const icon = (d: string): SVGElement => {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
};
