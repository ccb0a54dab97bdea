// The lesson: which chapter is open, and whose results it is about. Both stand in the address.

const CHAPTERS = { 1: illusion, 2: superPopulation, 3: centralLimit, 4: clusters, 5: shrinking, 6: comparison, 7: power, 8: playbook, 9: rigor, questions: fiveQuestions };
const place = new Place();
const sheets = new Map();
const boards = readJson("boards").map((told) => new Board(told));
let board = boards[0];

function open(name, { focus = false } = {}) {
  for (const chapter of document.querySelectorAll(".chapter")) chapter.hidden = chapter.dataset.chapter !== name;
  for (const link of document.querySelectorAll("#contents a")) {
    if (link.hash === `#chapter=${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const root = at(`chapter-${name}`);
  document.title = `${root.querySelector("h1").textContent} · howsure`;
  for (const [, reader] of readers) reader.stop();
  if (!sheets.has(name)) begin(name, root);
  else if (sheets.get(name).board !== board) sheets.get(name).start(board);
  else sheets.get(name).draw();
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
  if (root.querySelector(".listen")) readers.set(name, new Reader(root));
  sheet.start(board);
}

function chapterOf() {
  const name = place.get("chapter");
  return name in CHAPTERS ? name : "1";
}

function choose(chosen) {
  board = chosen;
  showSources();
  place.set({ of: board === boards[0] ? null : String(boards.indexOf(board)) });
  for (const [name, sheet] of sheets) {
    if (!sheet.root.hidden) sheet.start(board);
  }
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
    told.textContent = `${visible(file.name)}: ${error.message}. This page reads a CSV with the columns model, item, score (0 to 1) and perhaps cluster. For anything else: howsure guide --open ${quoted(visible(file.name))}`;
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
  const wanted = boards[Number(place.get("of") ?? 0)] ?? boards[0];
  if (wanted !== board) choose(wanted);
  open(chapterOf(), { focus });
}

bindSources();
showSources();
document.documentElement.classList.add("alive");
arrive({ focus: false });
addEventListener("hashchange", () => arrive({ focus: true }));
new ResizeObserver(() => sheets.get(chapterOf())?.redraw()).observe(at("main"));
document.documentElement.dataset.ready = "";
