const sheet = new CSSStyleSheet();
sheet.replaceSync(`@keyframes drift { to { transform: translate(60px, 20px) } } [data-testid] { animation: drift .4s forwards }`);
document.adoptedStyleSheets = [sheet];
