addEventListener('DOMContentLoaded', () => {
  box.showPopover();
});
window.verify = () => box.matches(':popover-open');
