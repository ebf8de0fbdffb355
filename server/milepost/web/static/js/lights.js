// Lamps inside `[data-lights="address"]` take their state and words from that address while the page is seen:
// {lights: {key: {state, figure}}, n_done}. A lamp that turns on is told aloud, once.
const EVERY_MS = 2000;

function turn(lamp, now) {
  const figure = lamp.querySelector("[data-figure]");
  if (figure && figure.textContent !== now.figure) figure.textContent = now.figure;
  const before = lamp.dataset.state;
  if (before === now.state) return;
  lamp.dataset.state = now.state;
  if (now.state === "done") announce(lamp.querySelector("[data-name]")?.textContent);
}

function announce(text) {
  const live = document.querySelector("[data-announce]");
  if (live && text) live.textContent = text;
}

async function look(root) {
  if (document.hidden) return;
  const answer = await fetch(root.dataset.lights, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) return;
  const told = await answer.json();
  for (const lamp of root.querySelectorAll("[data-light]")) {
    const now = told.lights[lamp.dataset.light];
    if (now) turn(lamp, now);
  }
  for (const place of root.querySelectorAll("[data-told]")) place.textContent = told[place.dataset.told] ?? place.textContent;
}

for (const root of document.querySelectorAll("[data-lights]")) {
  const again = () => look(root).catch(() => {}).finally(() => setTimeout(again, EVERY_MS));
  setTimeout(again, EVERY_MS);
}
