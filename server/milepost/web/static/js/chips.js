// Menus of chips are <details>: a click elsewhere or Escape closes the one that is open, and Escape gives focus back.
function openBox() {
  return document.querySelector(".chip-box[open]");
}

document.addEventListener("click", (event) => {
  const box = openBox();
  if (box && event.target instanceof Node && !box.contains(event.target)) box.open = false;
});

document.addEventListener("keydown", (event) => {
  const box = openBox();
  if (event.key !== "Escape" || !box) return;
  box.open = false;
  box.querySelector("summary")?.focus();
});
