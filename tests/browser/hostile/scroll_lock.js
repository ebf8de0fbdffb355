const sheet = new CSSStyleSheet();
sheet.replaceSync(`html, body { overflow: hidden !important; height: 100%; position: fixed; width: 100% }`);
document.adoptedStyleSheets = [sheet];
