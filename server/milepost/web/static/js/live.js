// Keeps an open page true: asks every two seconds whether its numbers moved, and then takes the regions marked
// `data-live` from a fresh copy of the page. What is open stays open, what has focus keeps it. Asks only while seen.
const EVERY_MS = 2000;
const SLOWEST_MS = 30000;

const asked = location.hash && document.getElementById(location.hash.slice(1));
if (asked instanceof HTMLDetailsElement) asked.open = true;

let tag = "";
let stamp = document.getElementById("live")?.dataset.stamp ?? "";
let wait = EVERY_MS;
let timer = 0;

async function hasMoved(url) {
  const answer = await fetch(url, { headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status === 304) return false;
  if (!answer.ok) throw new Error(String(answer.status));
  tag = answer.headers.get("ETag") ?? "";
  return (await answer.json()).stamp !== stamp;
}

function load(url) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.responseType = "document";
    request.open("GET", url);
    request.onload = () => (request.status === 200 && request.response ? resolve(request.response) : reject(new Error("load")));
    request.onerror = () => reject(new Error("load"));
    request.send();
  });
}

function swap(old, fresh) {
  const open = [...old.querySelectorAll("details[open][id]")].map((details) => details.id);
  const focused = old.contains(document.activeElement) ? place(old, document.activeElement) : null;
  const node = document.adoptNode(fresh);
  old.replaceWith(node);
  for (const id of open) {
    const details = document.getElementById(id);
    if (details instanceof HTMLDetailsElement) details.open = true;
  }
  if (focused) find(node, focused)?.focus({ preventScroll: true });
}

// Where an element stands: by its own id, or by the nearest id around it and its number among what takes focus there.
const FOCUSABLE = "a[href], button, summary, input, select, [tabindex]";

function place(region, element) {
  const holder = element.closest("[id]") ?? region;
  return { id: holder.id, number: holder === element ? -1 : [...holder.querySelectorAll(FOCUSABLE)].indexOf(element) };
}

function find(region, { id, number }) {
  const holder = region.id === id ? region : region.querySelector(`[id="${CSS.escape(id)}"]`);
  return number < 0 ? holder : holder?.querySelectorAll(FOCUSABLE)[number];
}

async function refresh() {
  const fresh = await load(location.href);
  const now = fresh.getElementById("live");
  if (!now) return;
  for (const old of document.querySelectorAll("[data-live][id]")) {
    const counterpart = fresh.getElementById(old.id);
    if (counterpart && !counterpart.isEqualNode(old)) swap(old, counterpart);
  }
  stamp = now.dataset.stamp;
  const live = document.querySelector("[data-announce]");
  if (live && now.dataset.said) live.textContent = now.dataset.said;
}

async function look() {
  const url = document.getElementById("live")?.dataset.stampUrl;
  if (!url) return;
  try {
    if (await hasMoved(url)) await refresh();
    wait = EVERY_MS;
  } catch {
    wait = Math.min(SLOWEST_MS, wait * 2); // the server is away; the page stays as it is
  }
  plan();
}

function plan() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(look, wait);
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") look();
  else clearTimeout(timer);
});
plan();
