addEventListener('DOMContentLoaded', () => {

  for (const type of ["pointerdown", "mousedown", "mouseup", "click", "touchstart"])
    document.addEventListener(type, (event) => {
      if (!app.contains(event.target)) { event.stopImmediatePropagation(); event.preventDefault() }
    }, true);
});
