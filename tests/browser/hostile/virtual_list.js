addEventListener('DOMContentLoaded', () => {

  const names = ["Ada", "Bo", "Cy", "Di", "Ed", "Goal"];
  const draw = (from) => rows.replaceChildren(...names.slice(from, from + 3).map((name) => {
    const row = document.createElement("p");
    const button = document.createElement("button");
    button.textContent = name;
    if (name === "Goal") button.dataset.testid = "goal";
    row.append("Row of ", button);
    return row;
  }));
  draw(2);
  setTimeout(() => draw(3), 80);
  window.trouble = () => { draw(0); setTimeout(() => draw(3), 150) };
});
