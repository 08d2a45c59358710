"use strict";
// What the page has without this script stays readable: here are sorting, filters, hovering and the choice of scheme.
const data = JSON.parse(document.getElementById("data").textContent);
const all = (where, what) => [...where.querySelectorAll(what)];
const NONE = ["–", "unknown"]; // what stands in a column of numbers where there is none
const number = (text) => { const n = parseFloat(text.replace("−", "-")); return Number.isNaN(n) ? null : n; };
const fixed = (table) => all(table, "th[rowspan]").length; // columns that stand before those of the head's second row

// Sorting: a button in every head that says so; largest first for numbers, then the other way, then as it was.
function sorter(table) {
  const body = table.tBodies[0], was = [...body.rows];
  const heads = all(table, "th[data-sort]"), state = { head: null, turn: 0 };
  const column = (head) => (head.parentNode.rowIndex ? fixed(table) : 0) + head.cellIndex;
  function sort() {
    heads.forEach((h) => h.setAttribute("aria-sort", "none"));
    if (!state.turn) return body.append(...was);
    const at = column(state.head), text = (row) => row.cells[at].textContent.trim();
    const numeric = was.every((row) => number(text(row)) !== null || NONE.includes(text(row)));
    const up = (state.turn === 1) !== numeric ? 1 : -1;
    const keyed = was.map((row) => [numeric ? number(text(row)) : text(row), row]);
    keyed.sort(([a], [b]) => a === null || b === null ? (a === null) - (b === null)
      : up * (numeric ? a - b : a.localeCompare(b, "en")));
    body.append(...keyed.map(([, row]) => row));
    state.head.setAttribute("aria-sort", up > 0 ? "ascending" : "descending");
  }
  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      state.turn = state.head === head ? (state.turn + 1) % 3 : 1;
      state.head = head;
      sort();
    });
  }
  sort();
  return sort;
}
const sorts = all(document, "table:has(th[data-sort])").map(sorter);

// Filters: rows of the heat map are hidden, and leaderboards show what was computed for the languages that are left.
const form = document.getElementById("filters"), heat = document.querySelector(".heat");
const many = (n, one, more) => `${n} ${+n === 1 ? one : more || one + "s"}`;
function filters() {
  const rows = [...heat.tBodies[0].rows], [language, ...choices] = all(form, "select");
  const code = (row) => row.cells[0].querySelector("small").textContent;
  const facts = rows.map((row) => [code(row), ...choices.map((_, i) => row.cells[i + 1].textContent)]);
  const selects = [language, ...choices];
  const fits = (of, but) => selects.every((s, i) => i === but || !s.value || s.value === of[i]);
  function show() {
    rows.forEach((row, i) => { row.hidden = !fits(facts[i], -1); });
    selects.forEach((s, i) => {
      const left = new Set(facts.filter((of) => fits(of, i)).map((of) => of[i]));
      for (const option of s.options) option.disabled = option.value !== "" && !left.has(option.value);
    });
    const n = rows.filter((row) => !row.hidden).length;
    const ranked = n < rows.length ? ", unranked" : "";
    form.querySelector("output").textContent = `${n} of ${many(rows.length, "language")}${ranked}`;
    const key = n === 0 ? null : language.value || choices.map((s) => s.value).join("|");
    all(document, "[data-board]").forEach((board, i) => fill(board, data.scores[i], data.keys[key], n < rows.length));
    sorts.forEach((sort) => sort());
    enter(heat);
  }
  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  show();
}
function fill(board, scores, set, part) {
  for (const row of all(board, "tbody tr")) {
    const printed = scores[row.dataset.arm][set] || "- - - - - - 0 0 0";
    const [value, low, high, mean, from, to, languages, of, families] = printed.split(" ");
    const [rank, , first, plot, second, n, f] = row.cells;
    const about = `${many(languages, "language")}, ${many(families, "family", "families")}`;
    rank.textContent = part ? "–" : row.dataset.rank;
    n.textContent = `${languages}/${of}`;
    f.textContent = families;
    score(first, about, value, low, high);
    score(second, about, mean, from, to);
    draw(plot, value, low, high);
  }
}
function draw(plot, value, low, high) {
  plot.style.visibility = value === "-" ? "hidden" : "";
  if (value === "-") return;
  plot.querySelector("circle").setAttribute("cx", `${value}%`);
  for (const line of all(plot, "line")) {
    line.setAttribute("x1", `${low === "-" ? value : low}%`);
    line.setAttribute("x2", `${high === "-" ? value : high}%`);
  }
}
function score(cell, about, value, low, high) {
  const ends = document.createElement("small"), over = about.endsWith(" 1 family") ? " over items and seeds" : "";
  ends.textContent = low === "-" ? "[no interval]" : `[${low}, ${high}]`;
  cell.replaceChildren(...(value === "-" ? ["–"] : [`${value} `, ends]));
  const said = low === "-" ? "no interval" : `95 % interval ${low} to ${high}${over}`;
  describe(cell, value === "-" ? "not scored" : `${said}; ${about}`);
}
function describe(cell, said) {
  cell.dataset.tip = said;
  cell.setAttribute("aria-description", said);
  cell.removeAttribute("title");
}
// One cell of a table is reached by the tabulator; from there the arrow keys lead on.
function enter(table) {
  all(table, "[tabindex='0']").forEach((cell) => { cell.tabIndex = -1; });
  const first = table.querySelector("tbody tr:not([hidden]) > [data-tip]");
  if (first) first.tabIndex = 0;
}
all(document, "tbody td[title]").forEach((cell) => describe(cell, cell.title));
all(document, "table").forEach(enter);
if (heat) filters();

// Hovering: what stands in a cell's title is shown at once, and by the arrow keys as well.
const tip = document.getElementById("tip");
let pointed = null;
const plain = (th) => [...th.childNodes].filter((c) => c.nodeName !== "SMALL").map((c) => c.textContent).join("").trim();
function heading(cell) {
  const table = cell.closest("table"), row = cell.closest("tr"), rows = [...table.tHead.rows];
  let left = cell.cellIndex - fixed(table);
  const head = rows.at(-1).cells[left];
  const group = all(rows[0], "[colspan]").find((th) => (left -= th.colSpan) < 0);
  return [row.querySelector("th"), head, group].filter((th) => th && th.nodeName === "TH").map(plain).join(", ");
}
function point(cell) {
  pointed = cell;
  const value = cell.firstChild && cell.firstChild.nodeType === 3 ? `${cell.firstChild.textContent.trim()}; ` : "";
  tip.textContent = `${heading(cell)}\n${value}${cell.dataset.tip}`;
  tip.hidden = false;
  const at = cell.getBoundingClientRect(), wide = document.documentElement.clientWidth;
  tip.style.left = `${Math.max(4, Math.min(at.left, wide - tip.offsetWidth - 4))}px`;
  tip.style.top = `${at.top > tip.offsetHeight + 8 ? at.top - tip.offsetHeight - 6 : at.bottom + 6}px`;
}
const hide = () => { tip.hidden = true; pointed = null; };
const tipped = (event) => event.target.closest && event.target.closest("[data-tip]");
function move(event) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  const cell = tipped(event);
  if (!step || !cell) return;
  let row = cell.parentNode, next = cell;
  do {
    if (step[0]) row = step[0] < 0 ? row.previousElementSibling : row.nextElementSibling;
    next = step[1] ? (step[1] < 0 ? next.previousElementSibling : next.nextElementSibling) : row && row.cells[cell.cellIndex];
  } while (next && (row.hidden || next.dataset.tip === undefined));
  event.preventDefault();
  if (!next) return;
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, (e) => (tipped(e) ? point(tipped(e)) : hide()));
document.addEventListener("focusout", hide);
document.addEventListener("scroll", () => pointed && point(pointed), true);
document.addEventListener("keydown", (event) => (event.key === "Escape" ? hide() : move(event)));

// The scheme: as the system has it, until the reader asks for the other one.
const scheme = document.createElement("button");
let dark = matchMedia("(prefers-color-scheme: dark)").matches;
const paint = () => { scheme.textContent = dark ? "Light page" : "Dark page"; };
scheme.type = "button";
scheme.addEventListener("click", () => {
  dark = !dark;
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  paint();
});
paint();
document.querySelector("nav").append(scheme);
