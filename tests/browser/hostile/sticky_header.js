const sheet = new CSSStyleSheet();
sheet.replaceSync(`#bar { position: sticky; top: 0; height: 120px; background: #ddd }`);
document.adoptedStyleSheets = [sheet];
