addEventListener('DOMContentLoaded', () => {

  setTimeout(() => {
    const copy = document.querySelector("p:last-of-type").cloneNode(true);
    document.body.replaceChildren(document.createElement("h1"), copy);
  }, 30);
});
