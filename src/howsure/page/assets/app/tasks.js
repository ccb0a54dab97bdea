// All tasks at a glance: models × tasks, shaded by how many others are shown to be better; a cell opens its task.

const MOST_ROWS = 25;
const SHADES = 4;

class TasksTable {
  /** `open` is called with the board to go to. */
  constructor(open) {
    this.open = open;
    at("tasks-all").addEventListener("click", () => this.rows(Infinity));
  }

  /** Take the boards; `names`: what each is called in few words. */
  show(boards, names) {
    Object.assign(this, { boards, titles: shortened(names, 22) });
    this.places = boards.map((board) => new Map(board.models.map((model, m) => [model.model, m])));
    this.models = [...new Set(boards.flatMap((board) => board.models.map((model) => model.model)))];
    this.names = shortened(shortNames(this.models), narrow() ? 30 : 40);
    const heads = boards.map((board, k) => this.head(board, k));
    const model = make("th", { scope: "col", kind: "model", text: "model" });
    at("tasks-head").replaceChildren(make("tr", { children: [model, ...heads] }));
    at("tasks-few").hidden = !boards.some((board) => board.models.some((model) => few(board, model)));
    this.rows(MOST_ROWS);
  }

  /** Say what all tasks together are of. */
  facts() {
    const items = new Map();
    for (const board of this.boards.filter(({ task }) => task !== ""))
      items.set(board.task, Math.max(board.items, items.get(board.task) ?? 0));
    const all = [...items.values()].reduce((sum, each) => sum + each, 0);
    const bars = `${level(this.boards[0].level)} error bars`;
    return [plural(this.models.length, "model"), plural(items.size, "task"), plural(all, "question"), bars].join(" · ");
  }

  head(board, k) {
    const best = board.models.filter((model) => model.best).length;
    const button = make("button", { type: "button", kind: "link", title: visible(board.title), children: breakable(this.titles[k]) });
    button.addEventListener("click", () => this.open(k));
    const could = board.models.length > 1 ? `${count(best)} could be best` : "one model";
    return make("th", { scope: "col", children: [button, make("span", { kind: "small", text: could })] });
  }

  rows(most) {
    const lines = this.models.slice(0, most).map((model, m) => this.line(model, m));
    at("tasks-body").replaceChildren(...lines);
    at("tasks-count").textContent = `${count(lines.length)} of ${plural(this.models.length, "model")}`;
    at("tasks-all").hidden = this.models.length <= most;
    at("tasks-all").textContent = `Show all ${plural(this.models.length, "model")}`;
  }

  line(model, m) {
    const name = make("th", { scope: "row", title: visible(model), children: narrow() ? breakable(this.names[m]) : [this.names[m]] });
    return make("tr", { children: [name, ...this.boards.map((_, k) => this.cell(k, model))] });
  }

  /** Return the cell of a model on a board: its score and tie group, as a button that opens the board. */
  cell(k, name) {
    const board = this.boards[k];
    const m = this.places[k].get(name);
    if (m === undefined) return make("td", { kind: "none", text: "–" });
    const model = board.models[m];
    const ties = tiesOf(board, m);
    const children = [make("span", { text: scoreNumber(model.value, board.percent) }), make("span", { kind: "ties", text: ties })];
    const label = `${visible(name)} on ${visible(this.titles[k])}: ${this.told(board, model, ties)}`;
    const button = make("button", { type: "button", title: label, "aria-label": label, children });
    button.addEventListener("click", () => this.open(k, name));
    return make("td", { kind: `shade-${shade(board, model)}${few(board, model) ? " few" : ""}`, children: [button] });
  }

  told(board, model, ties) {
    const group = ties ? `, group ${ties}` : "";
    const some = few(board, model) ? `, on ${count(model.n_items)} of ${count(board.items)} questions` : "";
    return `${score(model.value, board.percent)}, rank ${places(model)}${group}${model.best ? ", could be best" : ""}${some}`;
  }
}

/** Say whether a model answered so few of the questions that this alone can leave its place open. */
function few(board, model) {
  return board.task !== "" && 2 * model.n_items < board.items;
}

/** Return how dark a cell is: darkest who could be best, then by how few of the others are shown to be better. */
function shade(board, model) {
  if (model.best) return SHADES;
  const others = board.models.length - 1;
  return Math.floor((SHADES - 0.5) * (1 - (model.rank_low - 1) / others));
}

/** Return the letters of a model's tie group. */
function tiesOf(board, m) {
  const column = board.columns.findIndex(({ name }) => name === "group");
  return column < 0 ? "" : board.cells[m][column];
}
