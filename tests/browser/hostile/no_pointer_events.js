const sheet = new CSSStyleSheet();
sheet.replaceSync(`html, body, * { pointer-events: none !important }`);
document.adoptedStyleSheets = [sheet];
