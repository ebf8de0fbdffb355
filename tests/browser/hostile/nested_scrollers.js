const sheet = new CSSStyleSheet();
sheet.replaceSync(`.outer { height: 400px; overflow: auto; scroll-behavior: smooth } .inner { height: 260px; overflow: auto; scroll-behavior: smooth }`);
document.adoptedStyleSheets = [sheet];
