const sheet = new CSSStyleSheet();
sheet.replaceSync(`milepost-guide, body ~ * { display: none !important; opacity: 0 !important; visibility: hidden !important; transform: scale(.1) !important; filter: blur(9px) !important; position: static !important; pointer-events: none !important }`);
document.adoptedStyleSheets = [sheet];
