const sheet = new CSSStyleSheet();
sheet.replaceSync(`#app { transform: scale(.8); transform-origin: 0 0; filter: grayscale(1); contain: paint }`);
document.adoptedStyleSheets = [sheet];
