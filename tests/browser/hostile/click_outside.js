addEventListener('DOMContentLoaded', () => {

  for (const type of ["pointerdown", "mousedown", "click"])
    document.addEventListener(type, (event) => { if (!menu.contains(event.target)) menu.hidden = true });
  window.verify = () => !menu.hidden;
});
