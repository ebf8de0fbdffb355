addEventListener('DOMContentLoaded', () => {

  document.addEventListener("focusin", ({ target }) => { if (!trap.contains(target)) trap.querySelector("button").focus() });
  trap.querySelector("button").focus();
});
