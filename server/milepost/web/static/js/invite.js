// An invite link carries its code behind the `#`, which no server sees: put it into the form, out of the address, and go on.
const form = document.querySelector("form[data-invite]");
const code = location.hash.slice(1);
if (form && code) {
  history.replaceState(null, "", location.pathname);
  form.elements.code.value = code;
  form.requestSubmit();
}
