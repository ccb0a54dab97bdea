// The lesson: which chapter is open, and whose results it is about. Both stand in the address.

const CHAPTERS = { 1: illusion, 2: superPopulation, 3: centralLimit, 4: clusters, 5: shrinking, 6: comparison, 7: power, 8: playbook, 9: rigor, questions: fiveQuestions, class: classGame };
const place = new Place();
const sheets = new Map();
const boards = readJson("boards").map((told) => new Board(told));
let board = boards[0];

const KEPT_AFTER = 400;

function open(name, { focus = false } = {}) {
  for (const chapter of document.querySelectorAll(".chapter")) chapter.hidden = chapter.dataset.chapter !== name;
  for (const link of document.querySelectorAll("#contents a")) {
    if (link.hash === `#chapter=${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const root = at(`chapter-${name}`);
  document.title = `${root.querySelector("h1").textContent} · howsure`;
  at("where").textContent = { questions: "Five questions", class: "For a class" }[name] ?? `Chapter ${name} of 9`;
  fold(null);
  for (const [, reader] of readers) reader.stop();
  if (!sheets.has(name)) begin(name, root);
  else {
    if (sheets.get(name).board !== board) sheets.get(name).start(board);
    takeValues(sheets.get(name));
    sheets.get(name).draw();
  }
  if (!focus) return;
  scrollTo(0, 0);
  root.querySelector("h1").focus({ preventScroll: true });
}

const readers = new Map();

/** Make a chapter work when it is opened for the first time. */
function begin(name, root) {
  const sheet = new Sheet(root, CHAPTERS[name]);
  sheets.set(name, sheet);
  bindTerms(root);
  bindCopy(root);
  root.querySelectorAll(".quiz").forEach(bindQuiz);
  bindPictures(root);
  if (root.querySelector(".listen")) readers.set(name, new Reader(root));
  sheet.start(board);
  takeValues(sheet);
  sheet.kept = () => keepValues(sheet);
}

/** Set what the address says of a chapter's values. */
function takeValues(sheet) {
  const changes = {};
  for (const [name, begun] of Object.entries(sheet.begun)) {
    const text = place.get(name);
    if (!text || (name === "whole" && sheet.board.clusters === null)) continue;
    if (typeof begun === "boolean") changes[name] = text === "yes";
    else if (typeof begun === "string") changes[name] = wordOf(sheet, name, text);
    else if (Number.isFinite(Number(text))) changes[name] = within(sheet, name, Number(text));
  }
  if (Object.keys(changes).length) sheet.set(changes);
}

/** Return a word of the address, if what is chosen by radio buttons is one of them. */
function wordOf(sheet, name, text) {
  return sheet.controls(name).some((each) => each.type !== "radio" || each.value === text) ? text : sheet.begun[name];
}

/** Return a value of the address between the ends of its control. */
function within(sheet, name, value) {
  const [control] = sheet.controls(name);
  if (!control) return sheet.begun[name];
  if (control.tagName === "SELECT") return value in control.options ? value : sheet.begun[name];
  const { min, max } = control.tagName === "INPUT" ? control : control.dataset;
  return Math.min(Number(max), Math.max(Number(min), value));
}

/** Keep a chapter's values in the address, once they rest. */
function keepValues(sheet) {
  clearTimeout(sheet.keeping);
  sheet.keeping = setTimeout(() => {
    if (sheet.root.hidden) return;
    const texts = Object.entries(sheet.begun).map(([name, begun]) => [name, sheet.values[name] === begun ? null : addressText(sheet.values[name])]);
    place.set(Object.fromEntries(texts));
  }, KEPT_AFTER);
}

function addressText(value) {
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}

function chapterOf() {
  const name = place.get("chapter");
  return name in CHAPTERS ? name : "1";
}

function choose(chosen) {
  board = chosen;
  showSources();
  place.set({ of: board === boards[0] ? null : String(boards.indexOf(board)) });
  for (const [, sheet] of sheets) {
    if (!sheet.root.hidden) sheet.start(board);
  }
}

/** Open one of the two lists in the header of a narrow screen, and close the other. */
function fold(opened) {
  for (const button of document.querySelectorAll(".fold")) {
    const wanted = button === opened && button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(wanted));
    at(button.getAttribute("aria-controls")).classList.toggle("unfolded", wanted);
  }
}

function bindHeader() {
  for (const button of document.querySelectorAll(".fold")) button.addEventListener("click", () => fold(button));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && fold(null));
  at("main").addEventListener("pointerdown", () => fold(null));
  at("ask").addEventListener("change", ({ target }) => {
    askFirst = target.checked;
    place.set({ ask: askFirst ? null : "no" });
    for (const [, sheet] of sheets) sheet.redraw();
  });
}

function showSources() {
  at("source").replaceChildren(...boards.map((each, k) => make("option", { value: k, text: each.name, selected: each === board })));
  at("about").textContent = aboutBoard(board);
  at("told").hidden = board.said.length === 0;
  at("told-list").replaceChildren(...board.said.map((text) => make("li", { text })));
}

function aboutBoard({ models, items, attempts, left, clusters }) {
  const most = Math.round(Math.max(...attempts));
  const repeated = most > 1 ? ` × ${most} attempts` : "";
  const groups = clusters === null ? "" : `, in ${plural(new Set(clusters.codes).size, "cluster")}`;
  return `${plural(models.length, "model")}${left ? ` (the best of ${count(models.length + left)})` : ""} × ${plural(items, "question")}${repeated}${groups}`;
}

async function take(file) {
  if (!file) return;
  const told = at("refused");
  try {
    if (file.size > 1e8) throw new NotATable("it is larger than 100 MB");
    boards.push(new Board(boardOfCsv(await file.text(), file.name)));
    told.hidden = true;
    choose(boards.at(-1));
  } catch (error) {
    if (!(error instanceof NotATable)) throw error;
    told.textContent = `${visible(file.name)}: ${error.message}. This page reads a CSV with one row per answer (model, item, score from 0 to 1, perhaps cluster), or with a column of 0 and 1 for each model. For anything else: howsure guide --open ${quoted(visible(file.name))}`;
    told.hidden = false;
  }
}

function bindSources() {
  at("source").addEventListener("change", ({ target }) => choose(boards[Number(target.value)]));
  at("file").addEventListener("change", ({ target }) => take(target.files[0]));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
}

function arrive({ focus }) {
  place.read();
  const wanted = boards[Number(place.get("of") ?? boards.indexOf(board))] ?? boards[0];
  if (place.get("ask") !== null) askFirst = place.get("ask") !== "no";
  at("ask").checked = askFirst;
  place.set({ of: wanted === boards[0] ? null : String(boards.indexOf(wanted)), ask: askFirst ? null : "no" });
  if (wanted !== board) choose(wanted);
  open(chapterOf(), { focus });
}

if (place.get("embed") === "yes") document.documentElement.dataset.embed = "";
bindSources();
bindHeader();
showSources();
document.documentElement.classList.add("alive");
arrive({ focus: false });
addEventListener("hashchange", () => arrive({ focus: true }));
new ResizeObserver(() => sheets.get(chapterOf())?.redraw()).observe(at("main"));
document.documentElement.dataset.ready = "";
