window.trouble = () => {
  const next = document.createElement("body");
  const line = document.createElement("p");
  line.textContent = "The next page, with more words before it ";
  const goal = document.createElement("button");
  goal.dataset.testid = "goal";
  goal.textContent = "Goal";
  line.append(goal);
  next.append(document.createElement("h1"), line);
  document.body.replaceWith(next);
};
