addEventListener('DOMContentLoaded', () => {

  const nest = (host, depth) => {
    const root = host.attachShadow({ mode: "open" });
    const inner = document.createElement(depth ? "div" : "button");
    if (!depth) { inner.dataset.testid = "goal"; inner.textContent = "Goal" }
    root.append("Some words before it ", inner);
    if (depth) nest(inner, depth - 1);
  };
  nest(document.getElementById("nest"), 3);
});
