// A `table[data-grid]` is one stop for Tab; arrows, Home, End, Page Up and Page Down move inside it. The line marked
// `data-grid-said` says in words what the pointer or the focus is on. Enter on a cell follows its row's link, to the group
// of its column (`#mod-…`, as the account's page names them).
const PAGE_ROWS = 10;

for (const table of document.querySelectorAll("table[data-grid]")) start(table);

function start(table) {
  const rows = [...table.rows].map((row) => [...row.cells].filter((cell) => cell.getAttribute("role") !== "presentation"));
  const lines = rows.filter((cells, i) => i > 0 && cells.length > 1);
  for (const link of table.querySelectorAll("a[href]")) link.tabIndex = -1;
  let at = lines[1]?.[1] ?? lines[0]?.[0];
  if (!at) return;
  target(at).tabIndex = 0;
  const first = target(at);
  const said = table.closest("section")?.querySelector("[data-grid-said]");

  function go(cell) {
    target(at).tabIndex = -1;
    at = cell;
    const next = target(cell);
    next.tabIndex = 0;
    next.focus();
  }

  table.addEventListener("keydown", (event) => {
    const cell = event.target instanceof Element ? event.target.closest("td, th") : null;
    const row = lines.findIndex((cells) => cells.includes(cell));
    if (row < 0) return;
    if (event.key === "Enter" && cell.matches("td.st")) open(lines[row][0], lines[0][lines[row].indexOf(cell)]);
    const to = move(event, lines, row, lines[row].indexOf(cell));
    if (!to) return;
    event.preventDefault();
    go(to);
  });
  table.addEventListener("focusin", (event) => {
    const cell = event.target instanceof Element ? event.target.closest("td, th") : null;
    if (!cell) return;
    if (cell !== at && lines.some((cells) => cells.includes(cell))) {
      target(at).tabIndex = -1;
      at = cell;
      target(at).tabIndex = 0;
    }
    say(cell);
  });
  table.addEventListener("pointerover", (event) => say(event.target instanceof Element ? event.target.closest("td, tbody th, .feat th") : null));
  first.tabIndex = 0;

  function say(cell) {
    if (!said || !cell) return;
    const line = lines.find((cells) => cells[0].parentElement === cell.parentElement);
    if (!line?.includes(cell)) return;
    const parts = [line[0], lines[0][line.indexOf(cell)]].filter((head) => head !== cell).map(name);
    if (line === lines[0] || cell === line[0]) parts.splice(0, parts.length, name(cell), rest(cell));
    else parts.push(cell.getAttribute("aria-label") ?? cell.textContent.trim());
    said.textContent = parts.filter(Boolean).join(" · ");
  }
}

function target(cell) {
  return cell.querySelector("a[href]") ?? cell;
}

function rest(cell) {
  return [...cell.querySelectorAll("small, .vh")].map((part) => part.textContent.trim()).join(" · ");
}

function open(row, head) {
  const link = row.querySelector("a[href]");
  if (link) location.assign(link.href + (head.dataset.module ? `#mod-${encodeURIComponent(head.dataset.module)}` : ""));
}

function name(cell) {
  return (cell.querySelector("a, .truncate") ?? cell).textContent.trim();
}

function move(event, lines, row, column) {
  const last = lines.length - 1;
  const steps = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [event.ctrlKey ? 0 : row, 0],
    End: [event.ctrlKey ? last : row, lines[row].length - 1],
    PageUp: [Math.max(0, row - PAGE_ROWS), column],
    PageDown: [Math.min(last, row + PAGE_ROWS), column],
  };
  const [toRow, toColumn] = steps[event.key] ?? [-1, -1];
  return lines[toRow]?.[toColumn];
}
