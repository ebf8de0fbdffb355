const sheet = new CSSStyleSheet();
sheet.replaceSync(`html { zoom: 1.25 }`);
document.adoptedStyleSheets = [sheet];
