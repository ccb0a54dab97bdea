// The page: one board at a time, a model and a pair of it looked at closer.

const MOST_CAUTIONS = 3;
/** What another board has nothing to do with. */
const FORGOTTEN = { ...UNFILTERED, question: null, sort: null, find: null, best: null, rows: null, against: null };

class Page {
  constructor(report) {
    this.report = report;
    this.place = new Place();
    this.boards = new Map();
    const { drawings, phrases } = report;
    const pick = (pair, jump) => this.pick(pair, jump);
    this.table = new BoardTable({ choose: (model) => this.choose(model), pick, place: this.place });
    const go = (values, how) => this.panel.go(values, how);
    const list = new QuestionList({ place: this.place, go });
    this.parts = {
      pair: new PairPanel({ drawings, phrases, pick, go: (values) => go(values, { step: true, focus: true }) }),
      model: new ModelPanel({ drawings }),
      matrix: new MatrixPanel({ drawings, pick }),
    };
    this.looks = { ...this.parts, questions: list, question: new QuestionView({ go, list }) };
    this.panel = new Panel({ place: this.place, parts: this.looks, opened: (pair) => this.table.mark(pair) });
    this.parts.model.chosen = (model) => this.choose(model, false);
    at("task").addEventListener("change", () => this.board(Number(at("task").value), true));
    // charts measure their place when the window changes; a filter or a scroll bar changes it as well
    new ResizeObserver(() => dispatchEvent(new Event("resize"))).observe(at("board-head"));
    addEventListener("popstate", () => {
      this.place.read();
      this.start();
    });
  }

  /** Take new results in, and stay where the reader is. */
  update(report) {
    this.report = report;
    this.boards.clear();
    fill("notes", report.html.notes);
    fill("made", report.html.made);
    return this.start(this.shown.title);
  }

  start(title = this.place.get("task")) {
    fold(at("notes"));
    const titles = this.report.boards.map((board) => board.title);
    at("task").replaceChildren(...titles.map((text, k) => make("option", { value: k, text })));
    at("tasks").hidden = titles.length < 2;
    const wanted = titles.indexOf(title);
    return this.board(wanted < 0 ? this.report.first : wanted, false);
  }

  /** Unpack what only a closer look needs. */
  async details(k) {
    if (!this.boards.has(k)) {
      const raw = await unpack(this.report.packed(k));
      const items = raw.items && new Items(raw.items, this.report.symbols);
      this.boards.set(k, { pairs: new Pairs(raw.pairs), items, noise: raw.noise, logs: raw.logs });
    }
    return this.boards.get(k);
  }

  /** Show another board; `fresh`: forget which models of the last one were looked at. */
  async board(k, fresh) {
    const board = this.report.boards[k];
    this.shown = board;
    at("task").value = k;
    if (fresh) this.place.set({ ...FORGOTTEN, task: board.title }, { step: true });
    at("verdict").textContent = visible(board.verdict);
    at("facts").textContent = facts(board);
    fill("cautions", board.html.cautions);
    fold(at("cautions"));
    fill("words", board.html.words);
    fill("slices", board.html.slices);
    at("slices-card").hidden = board.html.slices === "";
    fill("noise", board.html.noise);
    fill("health", board.html.health);
    this.difficulty(board);
    this.table.show(board);
    const details = await this.details(k);
    if (this.shown !== board) return;
    this.table.compared(details.pairs);
    const links = new Links(this.report.inspect, details.logs);
    const texts = new Texts(this.report, live());
    for (const part of Object.values(this.parts)) part.board(board, details, links);
    for (const name of ["questions", "question"]) this.looks[name].board(board, details, k, texts, links);
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

  difficulty(board) {
    this.histogram?.clear();
    at("difficulty-part").hidden = board.difficulty.length === 0;
    if (board.difficulty.length === 0) return;
    this.histogram = new Chart(at("difficulty"), this.report.drawings[kind(board)].difficulty);
    const rows = board.difficulty.map((bin) => ({
      ...bin,
      told: `${plural(bin.count, "question")} between ${bin.low} and ${bin.high} %`,
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

/** Leave the first few cautions in view, and fold the others. */
function fold(place) {
  const list = place.querySelector("ul.cautions");
  if (!list || list.children.length <= MOST_CAUTIONS + 1) return;
  const others = [...list.children].slice(MOST_CAUTIONS);
  const rest = make("ul", { kind: "cautions", children: others });
  list.after(make("details", { children: [make("summary", { text: `${count(others.length)} more cautions` }), rest] }));
}

function facts(board) {
  const clusters = board.clusters ? ` in ${plural(board.clusters, "cluster")}` : "";
  return [
    plural(board.models.length, "model"),
    plural(board.items, "item") + clusters,
    `${level(board.level)} error bars`,
  ].join(" · ");
}

/** Return the report that the page carries. */
function carried() {
  return { ...readJson("howsure-report"), packed: (k) => at(`board-${k}`).textContent, texted: (k) => at(`texts-${k}`).textContent };
}

function copyButton() {
  const button = at("copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(at("command").textContent);
    button.textContent = "Copied";
  });
}

document.documentElement.classList.add("alive");
copyButton();
let page = new Page(carried());
page.start();
