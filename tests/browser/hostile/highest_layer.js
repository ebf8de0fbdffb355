const sheet = new CSSStyleSheet();
sheet.replaceSync(`#veil { position: fixed; inset: 0; z-index: 2147483647; background: #0001 }`);
document.adoptedStyleSheets = [sheet];
