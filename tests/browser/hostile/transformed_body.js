const sheet = new CSSStyleSheet();
sheet.replaceSync(`body { transform: translate(40px, 30px); perspective: 600px; will-change: transform }`);
document.adoptedStyleSheets = [sheet];
