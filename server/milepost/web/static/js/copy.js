// A button with `data-copy` copies the code block it stands in, says so for two seconds, and tells it aloud.
const SAID_FOR_MS = 2000;

function sourceOf(button) {
  const named = button.dataset.copy && document.getElementById(button.dataset.copy);
  const block = named || button.closest(".code")?.querySelector("code");
  return block ? block.textContent : "";
}

async function copy(button) {
  await navigator.clipboard.writeText(sourceOf(button));
  const label = button.querySelector("[data-copy-label]") || button;
  const before = label.textContent;
  label.textContent = button.dataset.done;
  const live = document.querySelector("[data-announce]");
  if (live) live.textContent = button.dataset.done;
  setTimeout(() => { label.textContent = before; }, SAID_FOR_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("button[data-copy]");
  if (button && !button.dataset.busy) {
    button.dataset.busy = "1";
    copy(button).catch(() => {}).finally(() => setTimeout(() => delete button.dataset.busy, SAID_FOR_MS));
  }
});
