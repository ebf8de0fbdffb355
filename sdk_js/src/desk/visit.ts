/** Our own page is left last, when all else the button does is done. */
export const visit = (win: Window, href: string): void => {
  if (href[0] === "/" || href.startsWith(win.location.origin)) setTimeout(() => win.location.assign(href));
  else win.open(href, "_blank", "noopener");
};
