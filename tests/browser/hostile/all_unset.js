const sheet = new CSSStyleSheet();
sheet.replaceSync(`* { all: unset !important } head { display: none !important } html, body, p, h1 { display: block !important }`);
document.adoptedStyleSheets = [sheet];
