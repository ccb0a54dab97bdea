// What of a board is in view: which rows, on which scale, against which model. It stands in the address; what is wrong there is passed over.

const MANY = 16;
const SIZES = [10, 25, 50, 100];
const FEWEST_ON_TOP = 10;
const MOST_ON_TOP = 30;
const BEHIND_THE_BEST = 3;

class View {
  /** `changed` is called when the reader chooses. */
  constructor(place, changed) {
    Object.assign(this, { place, changed, board: null, pairs: null });
    at("zoom").addEventListener("change", () => this.choose({ rows: at("zoom").value }));
    at("against").addEventListener("change", () => this.compareTo(Number(at("against").value)));
    for (const id of ["scores", "differences"])
      at(id).addEventListener("change", () => this.choose({ scale: id === "scores" ? null : id }));
    this.brush = new Brush(place, changed);
  }

  /** Choose what is in view, on the whole of its axis. */
  choose(values) {
    this.place.set({ ...values, axis: null }, { step: true });
    this.changed();
  }

  /** Show the differences to a model. */
  compareTo(m) {
    this.choose({ scale: "differences", against: this.board.models[m].model });
  }

  /** Take another board; its pairs come later. */
  show(board, pairs, names) {
    Object.assign(this, { board, pairs, names });
    this.zooms = zooms(board.models);
    at("zoom").replaceChildren(...[...this.zooms].map(([value, text]) => make("option", { value, text })));
    at("zoom-part").hidden = this.zooms.size < 2;
    at("scales").hidden = board.models.length < 2;
    const compared = pairs === null ? [] : names.slice(0, pairs.models);
    at("against").replaceChildren(...compared.map((text, value) => make("option", { value, text })));
  }

  get rows() {
    const asked = this.place.get("rows");
    return this.zooms.has(asked) ? asked : this.board.models.length > MANY ? "top" : "all";
  }

  get differences() {
    return this.place.get("scale") === "differences" && this.board.models.length > 1;
  }

  /** The model that the others are held against: the leader, if no other is chosen. */
  get against() {
    const asked = this.board.models.findIndex((model) => model.model === this.place.get("against"));
    return asked < 0 || (this.pairs !== null && asked >= this.pairs.models) ? 0 : asked;
  }

  /** Return those of these models, in their order, that are in view. */
  zoomed(order) {
    if (this.rows === "all") return order;
    if (this.rows !== "top") return order.slice(0, Number(this.rows));
    const top = new Set(onTop(this.board.models));
    return order.filter((m) => top.has(m));
  }

  bar(m) {
    if (!this.differences) return scoreBar(this.board.percent, this.board.models[m]);
    return this.pairs === null ? { kind: "unsure", told: "" } : differenceBar(this.board, this.pairs, m, this.against);
  }

  /** Return the number that a bar stands for. */
  text(m) {
    if (!this.differences) return scoreNumber(this.board.models[m].value, this.board.percent);
    return m === this.against ? "0" : (this.pairs?.of(m, this.against)?.difference ?? "n/a");
  }

  axis(bars) {
    return this.brush.axis(new Axis(bars, { zero: this.differences }));
  }

  /** Put the controls and the legend where the view is. */
  mark() {
    const { title, kinds } = legendOf(this.board, this.differences ? this.names[this.against] : null);
    at("zoom").value = this.rows;
    at(this.differences ? "differences" : "scores").checked = true;
    at("against").value = this.against;
    at("against").disabled = !this.differences;
    const parts = Object.entries(kinds).map(([kind, text]) =>
      make("span", { kind: "sign", children: [barSample(kind), text] }),
    );
    at("legend").replaceChildren(make("span", { text: title }), ...parts);
  }
}

/** Return the numbers of rows that can be chosen, each with its text. */
function zooms(models) {
  const top = onTop(models).length;
  const sizes = SIZES.filter((size) => size < models.length).map((size) => [String(size), `first ${size}`]);
  return new Map([
    ...(top < models.length ? [["top", `the top ${top}`]] : []),
    ["all", `all ${count(models.length)}`],
    ...sizes,
  ]);
}

/** Return the first models by rank: about those that could be best and a few more, as many as one looks at. */
function onTop(models) {
  const best = models.filter((model) => model.best).length;
  return [...models.keys()].slice(0, Math.min(Math.max(best + BEHIND_THE_BEST, FEWEST_ON_TOP), MOST_ON_TOP));
}
