// The page: one board at a time, a model and a pair of it looked at closer.

const MOST_CAUTIONS = 3;
const ABOUT = {
  "by-task": "each task's own clusters where they are few, else new ones",
  "new-clusters": "other questions like these",
  "same-clusters": "more questions from the same clusters",
  "these-questions": "exactly these questions",
};
/** In place of a board: all of them at once. */
const ALL = -1;
/** What another board has nothing to do with. */
const FORGOTTEN = { ...UNFILTERED, question: null, sort: null, find: null, best: null, rows: null, against: null, axis: null, slice: null, by: null };

class Page {
  constructor(report) {
    this.take(report);
    this.place = new Place();
    this.boards = new Map();
    const { drawings, phrases } = report;
    const pick = (pair, jump) => this.pick(pair, jump);
    this.tasks = new TasksTable((k, model) => this.open(k, model));
    this.table = new BoardTable({ choose: (model) => this.choose(model), pick, place: this.place });
    const go = (values, how) => this.panel.go(values, how);
    const list = new QuestionList({ place: this.place, go });
    this.parts = {
      pair: new PairPanel({ drawings, phrases, pick, go: (values) => go(values, { step: true, focus: true }) }),
      model: new ModelPanel({ drawings }),
      matrix: new MatrixPanel({ drawings, pick }),
      sampled: new ChartedPanel("sampled", this.report.look),
      costs: new ChartedPanel("costs", this.report.look),
      curves: new ChartedPanel("curves", this.report.look),
    };
    const slice = new SlicePanel({ place: this.place, go: (values) => this.panel.open(values), choose: (model) => this.choose(model) });
    this.looks = { ...this.parts, slice, questions: list, question: new QuestionView({ go, list }) };
    this.panel = new Panel({ place: this.place, parts: this.looks, opened: (pair) => this.table.mark(pair) });
    this.parts.model.chosen = (model) => this.choose(model, false);
    at("about").addEventListener("change", () => {
      this.place.set({ about: at("about").value === this.report.population ? null : at("about").value }, { step: true });
      this.start();
    });
    at("task").addEventListener("change", () => this.open(Number(at("task").value)));
    // charts measure their place when the window changes; a filter or a scroll bar changes it as well
    new ResizeObserver(() => dispatchEvent(new Event("resize"))).observe(at("board-head"));
    addEventListener("popstate", () => {
      this.place.read();
      this.start();
    });
  }

  /** Take a report, and give its charts the style that they share. */
  take(report) {
    this.report = report;
    lessonAddress = report.lesson;
    for (const spec of Object.values(report.drawings).flatMap(Object.values)) spec.config = report.look;
  }

  /** Take new results in, and stay where the reader is. */
  update(report) {
    report.drawings = Object.assign(this.report.drawings, report.drawings); // the parts hold these
    this.take(report);
    this.boards.clear();
    fill("notes", report.html.notes);
    fill("made", report.html.made);
    fill("methods", report.html.methods);
    return this.start(this.shown.title);
  }

  start(title = this.place.get("task")) {
    fold(at("notes"));
    const { boards, overview, first } = this.rung;
    this.ladder();
    const titles = boards.map((board) => board.title);
    const all = make("option", { value: ALL, text: "All tasks" });
    at("task").replaceChildren(all, ...titles.map((text, k) => make("option", { value: k, text })));
    at("tasks").hidden = overview === null;
    if (overview !== null) this.tasks.show(boards, overview.names);
    const wanted = titles.indexOf(title);
    return this.board(wanted < 0 ? first : wanted);
  }

  /** Go to a board, there to a model; or back to all of them. What was looked at elsewhere is forgotten. */
  async open(k, model = null) {
    const looked = model === null ? {} : { model, ...(this.panel.beside ? { look: "model" } : {}) };
    this.place.set({ ...FORGOTTEN, ...looked, task: k === ALL ? null : this.rung.boards[k].title }, { step: true });
    await (k === ALL ? this.start() : this.board(k));
    scrollTo(0, 0);
  }

  /** Offer the populations that the error bars can be about. */
  ladder() {
    const rungs = [this.report, ...this.report.others];
    const clustered = rungs.some((rung) => rung.population === "same-clusters");
    const said = { ...ABOUT, ...(clustered ? { "new-clusters": "other questions, of new clusters" } : {}) };
    at("about").replaceChildren(...rungs.map(({ population }) => make("option", { value: population, text: said[population] })));
    at("about").value = this.rung.population;
    at("about-part").hidden = rungs.length < 2;
  }

  /** Say whether all tasks are shown at once: the address names none. */
  get all() {
    const asked = this.place.get("task");
    return this.rung.overview !== null && !this.rung.boards.some((board) => board.title === asked);
  }

  /** Show all tasks, or what stands over one board. */
  head(board, k) {
    at("tasks-card").hidden = !this.all;
    at("task").value = this.all ? ALL : k;
    at("claim").textContent = visible(this.all ? this.rung.overview.claim : board.claim);
    at("verdict").textContent = visible(this.all ? this.rung.overview.verdict : board.verdict);
    at("verdict").hidden = at("verdict").textContent === `${at("claim").textContent}.`;
    at("board-title").textContent = this.rung.overview === null ? "Leaderboard" : visible(board.title);
    at("facts").textContent = this.all ? this.tasks.facts() : facts(board);
  }

  /** What is said of the population that the address names; of the one that was asked about, if it names no other. */
  get rung() {
    return this.report.others.find((rung) => rung.population === this.place.get("about")) ?? this.report;
  }

  /** Unpack what only a closer look needs, of the k-th of all boards; the items stand with the boards that come first. */
  async details(k) {
    if (!this.boards.has(k)) {
      const raw = await unpack(this.report.packed(k));
      const items = raw.items && new Items(raw.items, this.report.symbols);
      this.boards.set(k, { pairs: new Pairs(raw.pairs), items, slices: raw.slices, noise: raw.noise, logs: raw.logs });
    }
    return this.boards.get(k);
  }

  /** Unpack what only a closer look needs of a board of this rung. */
  async closer(k) {
    const rungs = [this.report, ...this.report.others];
    const before = rungs.slice(0, rungs.indexOf(this.rung)).reduce((sum, rung) => sum + rung.boards.length, 0);
    const found = await this.details(before + k);
    if (before === 0) return { ...found, first: k };
    const first = this.report.boards.findIndex((board) => board.title === this.rung.boards[k].title);
    const { items, logs } = first < 0 ? { items: null, logs: null } : await this.details(first);
    return { ...found, items, logs, first };
  }

  /** Show a board, and what the address says of it. */
  async board(k) {
    const board = this.rung.boards[k];
    this.shown = board;
    this.head(board, k);
    fill("warnings", board.html.warnings);
    fold(at("warnings"));
    fill("words", board.html.words);
    fill("slices", board.html.slices);
    at("slices-card").hidden = board.html.slices === "";
    fill("noise", board.html.noise);
    fill("health", board.html.health);
    at("left-out").textContent = board.left_out;
    at("left-out").hidden = board.left_out === "";
    for (const id of ["noise", "health"]) at(`${id}-card`).hidden = board.html[id] === "";
    for (const id of ["slices", "noise", "health"]) foldRows(at(id));
    this.difficulty(board);
    this.strips(board);
    this.absent(board);
    this.table.show(board);
    const details = await this.closer(k);
    if (this.shown !== board) return;
    this.table.compared(details.pairs);
    const links = new Links(this.report.inspect, details.logs);
    const texts = new Texts(this.report, live());
    for (const part of Object.values(this.parts)) part.board(board, details, links);
    for (const name of ["slice", "questions", "question"]) this.looks[name].board(board, details, texts, links);
    this.panel.board(board, details);
    this.panel.show();
    document.documentElement.dataset.ready = String(k);
  }

  /** Look at two models; with fewer they are only marked. */
  pick(pair, jump = false) {
    if (pair.length < 2 || pair[0] === pair[1]) return this.table.mark(pair);
    const [a, b] = pair.map((m) => this.shown.models[m].model);
    this.panel.open({ look: "pair", of: null, a, b }, { focus: jump });
  }

  choose(model, jump = true) {
    this.panel.open({ look: "model", model: this.shown.models[model].model }, { focus: jump });
  }

  /** Say which models the address names that this board doesn't have. */
  absent(board) {
    const named = ["model", "a", "b", "against"].map((role) => this.place.get(role)).filter((name) => name !== null && name !== undefined);
    const missing = [...new Set(named)].filter((name) => !board.models.some(({ model }) => model === name));
    at("absent").hidden = missing.length === 0;
    const names = missing.map((name) => `“${visible(name)}”`).join(" and ");
    at("absent").textContent = `This link names ${names}, and there is no such model here.`;
  }

  /** Draw the standard deviations of single scores: a strip for each source, a tick for each model. */
  strips(board) {
    this.spread?.clear();
    at("strips-part").hidden = board.strips.length === 0;
    if (board.strips.length === 0) return;
    this.spread = new Chart(at("strips"), this.report.drawings[kind(board)].strips);
    this.spread.show(board.strips, "The standard deviation of single scores by its source, a tick for each model.");
  }

  difficulty(board) {
    this.histogram?.clear();
    at("difficulty-part").hidden = board.difficulty.length === 0;
    if (board.difficulty.length === 0) return;
    this.histogram = new Chart(at("difficulty"), this.report.drawings[kind(board)].difficulty);
    const rows = board.difficulty.map((bin) => ({
      ...bin,
      told: `${plural(bin.count, "question")} between ${bin.low} and ${bin.high}%`,
    }));
    this.histogram.show(
      rows,
      "The number of questions by their mean score over all models; the counts are in the table above.",
    );
  }
}

/** Return the best model that answered some of the leader's questions; the second where none did. */
function comparable(pairs) {
  for (let k = 1; k < pairs.models; k++) if (pairs.of(0, k).n > 0) return k;
  return 1;
}

const MOST_LINES = 12;

/** Leave the first rows of long tables in view, and fold the others; all are saved. */
function foldRows(place) {
  for (const table of place.querySelectorAll("table.howsure")) {
    const beyond = [...table.tBodies[0].rows].slice(MOST_LINES);
    if (beyond.length === 0) continue;
    beyond.forEach((row) => row.classList.add("beyond"));
    const button = make("button", { type: "button", kind: "all-rows", text: `Show all ${plural(MOST_LINES + beyond.length, "row")}` });
    button.addEventListener("click", () => {
      beyond.forEach((row) => row.classList.remove("beyond"));
      button.remove();
    });
    table.after(button);
  }
}

/** Leave the first few warnings in view, and fold the others. */
function fold(place) {
  const list = place.querySelector("ul.warnings");
  const most = narrow() ? 1 : MOST_CAUTIONS;
  if (!list || list.children.length <= most + 1) return;
  const others = [...list.children].slice(most);
  const rest = make("ul", { kind: "warnings", children: others });
  list.after(make("details", { children: [make("summary", { text: `${count(others.length)} more warnings` }), rest] }));
}

function facts(board) {
  const clusters = board.task && board.clusters ? ` in ${plural(board.clusters, "cluster")}` : "";
  return [
    plural(board.models.length, "model"),
    plural(board.items, "question") + clusters,
    `${level(board.level)} error bars`,
  ].join(" · ");
}

/** Return the report that the page carries. */
async function carried() {
  const boards = await unpack(at("howsure-boards").textContent);
  return { ...readJson("howsure-report"), ...boards, packed: (k) => at(`board-${k}`).textContent, texted: (k) => at(`texts-${k}`).textContent };
}

/** Let a button copy a text that the page shows. */
function copyButton(id, text, title) {
  at(id).addEventListener("click", async () => {
    if (await copyOrShow(text(), title)) at(id).textContent = "Copied";
  });
}

document.documentElement.classList.add("alive");
fadeCutEdges();
copyButton("copy", () => at("command").textContent, "The command");
copyButton("copy-methods", methodsText, "Methods, for a paper");
offerToTakeOut();
let page = null;
Promise.all([carried(), loadLibraries()]).then(([report]) => {
  page = new Page(report);
  return page.start();
});
