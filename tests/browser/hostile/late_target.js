addEventListener('DOMContentLoaded', () => {

  setTimeout(() => {
    const goal = document.createElement("button");
    goal.dataset.testid = "goal";
    goal.textContent = "Goal";
    later.append(goal);
  }, 250);
});
