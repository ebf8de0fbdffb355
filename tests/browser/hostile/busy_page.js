addEventListener('DOMContentLoaded', () => {
  setInterval(() => { clock.textContent = performance.now() }, 16);
});
