const sheet = new CSSStyleSheet();
sheet.replaceSync(`section { content-visibility: auto; contain-intrinsic-size: 1px 1500px }`);
document.adoptedStyleSheets = [sheet];
