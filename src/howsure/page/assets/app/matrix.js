// All pairs at a glance: their differences, shaded where they are significant; a click, or Enter, compares two. Where few pairs differ, a list of these.

const WINDOW = 30;
/** Under this share of significant pairs they are listed. */
const FEW_APART = 0.03;
const MOST_LISTED = 12;
const LETTER = 5.6;
/** Cells of so few models are larger, and stand beside a list of their significant pairs. */
const LARGE = 8;

class MatrixPanel {
  constructor({ drawings, pick }) {
    Object.assign(this, { drawings, pick, chart: null });
    for (const id of ["matrix-rows", "matrix-columns"]) at(id).addEventListener("change", () => this.show());
    at("matrix").addEventListener("keydown", (event) => this.walk(event));
    at("matrix").addEventListener("blur", () => this.go(null));
    at("matrix-all").addEventListener("click", () => this.list(this.apart));
  }

  board(board, details) {
    Object.assign(this, { shown: board, pairs: details.pairs });
    this.chart?.clear();
    this.chart = new Chart(at("matrix"), this.drawings[kind(board)].matrix, { walked: false });
    at("matrix-card").hidden = board.models.length < 2;
    const starts = Array.from({ length: Math.ceil(this.pairs.models / WINDOW) }, (_, k) => k * WINDOW);
    for (const id of ["matrix-rows", "matrix-columns"]) {
      const texts = starts.map((start) => `${start + 1}–${this.end(start)}`);
      at(id).replaceChildren(...starts.map((value, k) => make("option", { value, text: texts[k] })));
    }
    at("matrix-window").hidden = starts.length < 2;
    if (board.models.length > 1) this.show();
  }

  /** List pairs, the surest first; each opens its comparison. */
  list(pairs) {
    const names = shortened(undated(shortNames(this.shown.models.map((model) => model.model))), 34);
    const { models, percent, lower } = this.shown;
    const items = pairs.map(({ i, j }) => {
      const pair = this.pairs.of(i, j);
      const [a, b] = pair.d > 0 === !lower ? [i, j] : [j, i];
      const size = pair.difference.replace(/^[+−]/, "");
      const button = make("button", { type: "button", kind: "link", title: `${visible(models[a].model)} and ${visible(models[b].model)}`, text: `${names[a]} is better than ${names[b]} by ${size}${unit(percent)} (p ${equal(pair.q)})` });
      button.addEventListener("click", () => this.pick([i, j], true));
      return make("li", { children: [button] });
    });
    at("matrix-list").replaceChildren(...items);
    at("matrix-all").hidden = pairs.length === this.apart.length;
    at("matrix-all").textContent = `Show all ${plural(this.apart.length, "pair")}`;
  }

  end(start) {
    return Math.min(start + WINDOW, this.pairs.models);
  }

  /** Return the numbers of the models from the one that is chosen on. */
  chosen(id) {
    const start = Number(at(id).value);
    return Array.from({ length: this.end(start) - start }, (_, k) => start + k);
  }

  async show() {
    const [down, across] = [this.chosen("matrix-rows"), this.chosen("matrix-columns")];
    const names = shortened(undated(shortNames(this.shown.models.map((model) => model.model))), 24);
    const rows = down.flatMap((i) => across.map((j) => this.cell(i, j, names[i]))).filter((cell) => cell !== null);
    Object.assign(this, { rows, here: null });
    this.chart.clear();
    const corrected = `p is ${this.shown.adjust === "none" ? "not corrected" : "corrected"} for all pairs`;
    const once = rows.filter(({ i, j }) => i < j || !down.includes(j) || !across.includes(i));
    const sure = ({ i, j }) => Math.abs(this.pairs.of(i, j).d) / (this.pairs.of(i, j).se || Infinity);
    this.apart = once.filter(({ real }) => real).sort((one, other) => sure(other) - sure(one));
    const few = this.apart.length < FEW_APART * once.length;
    const small = !few && Math.max(down.length, across.length) <= LARGE;
    at("matrix-part").hidden = few;
    at("matrix-listed").hidden = !few && !small;
    at("matrix-both").classList.toggle("small-matrix", small);
    this.list(this.apart.slice(0, MOST_LISTED));
    if (few) {
      at("matrix-told").textContent = `${this.told(down, across)} ${this.apart.length ? `The surest first; ${corrected}` : `Here ${corrected}`}.`;
      return;
    }
    const longest = Math.max(2, ...rows.map(({ text }) => text.length));
    const times = small ? 1.5 : 1;
    this.chart.spec = { ...this.drawings[kind(this.shown)].matrix, width: { step: times * (Math.ceil(LETTER * longest) + 7) }, height: { step: times * 19 } };
    const label = this.told(down, across);
    const said = `row − column${this.shown.percent ? ", in points" : ""}`;
    at("matrix-told").textContent = `${label} Each cell is ${said}; columns have the numbers of the rows; ${corrected}.`;
    at("matrix").tabIndex = 0;
    await this.chart.show(rows, `${label} Arrow keys go from pair to pair, Enter compares.`);
    this.chart.view.addEventListener("click", (_, item) => {
      if (item?.datum?.i !== undefined) this.pick([item.datum.i, item.datum.j], true);
    });
  }

  /** Return what is drawn of a pair; null where nothing is known. */
  cell(i, j, name) {
    const pair = this.pairs.of(i, j);
    if (pair === null || pair.d === null) return null;
    const { models, percent } = this.shown;
    const real = Boolean(pair.flags & 2);
    return {
      row: `${name} (${i + 1})`,
      column: j + 1,
      i,
      j,
      real,
      above: pair.d > 0,
      evidence: real ? strength(pair.q) : 0,
      text: pair.difference,
      here: false,
      told: `${visible(models[i].model)} − ${visible(models[j].model)}: ${pair.difference}${unit(percent)} (p among all pairs: ${pair.q})`,
    };
  }

  /** Say how many pairs in view differ. */
  told(down, across) {
    const apart = this.apart.length;
    const span = (numbers) => `${numbers[0] + 1} to ${numbers.at(-1) + 1}`;
    const which = down[0] === across[0] ? `among models ${span(down)}` : `of models ${span(down)} with ${span(across)}`;
    const all = down[0] === across[0] ? (down.length * (down.length - 1)) / 2 : down.length * across.length;
    const verb = apart === 1 ? "differs" : "differ";
    return apart ? `${count(apart)} of ${plural(all, "pair")} ${which} ${verb} significantly.` : `None of ${plural(all, "pair")} ${which} differs significantly.`;
  }

  /** Go from cell to cell with the arrow keys; Enter compares. */
  walk(event) {
    const step = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
    if (event.key === "Enter" && this.here) this.pick([this.here.i, this.here.j], true);
    if (step === undefined) return;
    event.preventDefault();
    this.go(this.here === null ? this.rows[0] : this.next(step));
  }

  /** Return the next cell in a direction; the one that we are on where there is none. */
  next([down, right]) {
    const { i, j } = this.here;
    const ahead = this.rows.filter((cell) => (down ? cell.j === j && down * (cell.i - i) > 0 : cell.i === i && right * (cell.j - j) > 0));
    const far = (cell) => Math.abs(cell.i - i) + Math.abs(cell.j - j);
    return ahead.sort((one, other) => far(one) - far(other))[0] ?? this.here;
  }

  /** Mark a cell and say it; null leaves the matrix. */
  go(cell) {
    if (cell === this.here) return;
    if (this.here) this.here.here = false;
    if (cell) cell.here = true;
    this.here = cell;
    at("matrix-here").textContent = cell ? cell.told : "";
    this.chart.view.data("rows", this.rows.map((each) => ({ ...each }))).runAsync();
  }
}

/** Return how strong the evidence is for a difference that is significant: 1 to 3, as the legend has them. */
function strength(p) {
  if (p.startsWith("<")) return 3;
  return Number(p) <= 0.01 ? 2 : 1;
}
