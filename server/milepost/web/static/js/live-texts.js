// Elements with `data-live-text="name"` inside one with `data-live="address"` take the texts that address answers, as
// {"texts": {name: text}}, every five seconds while the page is seen; a server that is away is asked again later.
const EVERY_MS = 5000;

function show(root, texts) {
  for (const element of root.querySelectorAll("[data-live-text]")) {
    const text = texts[element.dataset.liveText];
    if (text !== undefined && element.textContent !== text) element.textContent = text;
  }
}

async function refresh(root) {
  if (document.hidden) return;
  const answer = await fetch(root.dataset.live, { headers: { Accept: "application/json" } });
  if (answer.ok && !answer.redirected) show(root, (await answer.json()).texts);
}

for (const root of document.querySelectorAll("[data-live]")) {
  setInterval(() => refresh(root).catch(() => {}), EVERY_MS);
}
