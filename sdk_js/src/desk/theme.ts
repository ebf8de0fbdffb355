/** The look a guide wears here: the theme's values for the page's own scheme, light or dark. */
import type { Theme } from "../wire";

export interface Look {
  dark: boolean;
  /** By property of the theme surface, without its dashes. */
  values: Record<string, string>;
}

export const lookOf = (win: Window, theme?: Theme): Look => {
  const scheme = theme?.mode?.replace("auto", "") || getComputedStyle(win.document.documentElement).colorScheme;
  const dark = /dark/.test(scheme) && (!/light/.test(scheme) || win.matchMedia("(prefers-color-scheme:dark)").matches);
  const values = { ...theme?.light, ...(dark && theme?.dark) };
  Object.entries(values).forEach(([name, value]) => {
    // A look is never an address to fetch.
    values[name] = value === "host" ? getComputedStyle(win.document.body).fontFamily : /url\(/i.test(value) ? "" : value;
  });
  return { dark, values };
};
