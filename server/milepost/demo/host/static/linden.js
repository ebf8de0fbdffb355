// Small comforts; everything works without them.
(function () {
  var all = document.querySelector("[data-tick-all]");
  if (all) all.addEventListener("change", function () {
    document.querySelectorAll("[data-tick]").forEach(function (box) { box.checked = all.checked; });
  });
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.addEventListener("click", function () { window.print(); });
  });
  document.querySelectorAll("[data-send]").forEach(function (field) {
    field.addEventListener("change", function () { field.form.requestSubmit(); });
  });
})();
