addEventListener('DOMContentLoaded', () => {
  box.showModal();
});
window.verify = () => box.open;
