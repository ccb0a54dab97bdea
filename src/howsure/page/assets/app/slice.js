// One slice: the models ranked on its questions alone, with error bars on an axis of their own.

const MOST_RANKED = 25;

class SlicePanel {
  /** `go` is called with what is to stand in the address, `choose` with a model to look at. */
  constructor({ place, go, choose }) {
    Object.assign(this, { place, go, choose });
    at("slice-name").addEventListener("change", () => this.open(...at("slice-name").value.split(" ").map(Number)));
    at("slice-all").addEventListener("click", () => this.rows(Infinity));
    at("slice-questions").addEventListener("click", () => this.questions());
  }

  /** Take another board, and make the names in the card of all slices open theirs. */
  board(board, { slices, items }) {
    Object.assign(this, { shown: board, ways: slices });
    at("slice-questions").hidden = items === null || items.slices.length === 0;
    at("slice-name").replaceChildren(...sliceOptions(slices));
    document.querySelectorAll("#slices table").forEach((table, way) => this.link(table, way));
  }

  /** Let the name in each row of a table open its slice; the renderer wrote a row a slice, in their order. */
  link(table, way) {
    [...table.tBodies[0].rows].forEach((row, k) => {
      const text = this.ways[way].names[k];
      const button = make("button", { type: "button", kind: "link", "data-slice": k, text });
      button.addEventListener("click", () => this.open(way, k));
      row.cells[0].replaceChildren(button);
    });
  }

  open(way, k) {
    const { by, names } = this.ways[way];
    this.go({ look: "slice", slice: names[k], by: this.ways.length > 1 ? by : null });
  }

  questions() {
    const { slice, by } = Object.fromEntries(["slice", "by"].map((name) => [name, this.place.get(name)]));
    this.go({ ...UNFILTERED, look: "questions", outcome: "all", slice: slice ?? this.ways[0].names[0], by });
  }

  /** Show the slice that the address names; where it names none, the first one. */
  show() {
    const [way, k] = sliceAsked(this.ways, this.place) ?? [0, 0];
    const { by, level: all, names, boards } = this.ways[way];
    this.ranked = boards[k];
    const { verdict, items, clusters, level: sure } = this.ranked;
    at("slice-name").value = `${way} ${k}`;
    at("slice-verdict").textContent = visible(verdict);
    const inClusters = clusters ? ` in ${plural(clusters, "cluster")}` : "";
    const held = names.length > 1 ? ` Each interval is one of ${plural(names.length, "slice")}: all hold at once at ${level(all)}.` : "";
    at("slice-told").textContent = `${visible(by)} ${visible(names[k])}: ${plural(items, "question")}${inClusters}, ${level(Number(sure.toFixed(4)))} intervals.${held}`;
    this.rows(MOST_RANKED);
  }

  /** Return the places of the models in the board of the slice, each with its name and its bar. */
  lines() {
    const { models, value, low, high, rank, rank_low, rank_high, best } = this.ranked;
    const full = models.map((m) => (typeof m === "number" ? this.shown.models[m].model : m));
    const bars = full.map((model, k) =>
      scoreBar(this.shown.percent, { model, value: value[k], low: low[k], high: high[k], rank: rank[k], rank_low: rank_low[k], rank_high: rank_high[k], best: best[k] }),
    );
    return { models, full, bars };
  }

  rows(most) {
    const { models, full, bars } = this.lines();
    const shown = bars.slice(0, most);
    const axis = new Axis(shown, { zero: false });
    const names = shortened(shortNames(full), 44);
    at("slice-axis").replaceChildren(axisNumbers(axis));
    at("slice-body").replaceChildren(...shown.map((bar, k) => this.row(k, { m: models[k], full: full[k], name: names[k], bar, axis })));
    at("slice-all").hidden = bars.length <= most;
    at("slice-all").textContent = `Show all ${plural(bars.length, "model")}`;
  }

  row(k, { m, full, name, bar, axis }) {
    const { value, low, high, rank_low, rank_high, best } = this.ranked;
    const { percent } = this.shown;
    const range = low[k] === null ? "" : `[${scoreNumber(low[k], percent)}, ${scoreNumber(high[k], percent)}]`;
    const button = make("button", { type: "button", kind: "link", title: visible(full), children: breakable(name) });
    button.addEventListener("click", () => this.choose(m));
    const named = typeof m === "number" ? [button] : breakable(name);
    return make("tr", {
      kind: best[k] ? "best" : null,
      role: "row",
      children: [
        make("td", { role: "cell", kind: "could", text: places({ rank_low: rank_low[k], rank_high: rank_high[k] }) }),
        make("th", { scope: "row", role: "rowheader", children: named }),
        make("td", { role: "cell", kind: "whiskers", children: [barPicture(axis, bar)] }),
        make("td", { role: "cell", kind: "number", children: [make("span", { kind: "small", text: range }), scoreNumber(value[k], percent)] }),
      ],
    });
  }
}

/** Return the place of the slice that the address names: its way, and its number there; null where there is none. */
function sliceAsked(ways, place) {
  const [by, name] = [place.get("by"), place.get("slice")];
  const way = ways.findIndex((each) => (by === null || each.by === by) && each.names.includes(name));
  return way < 0 ? null : [way, ways[way].names.indexOf(name)];
}

/** Return what can be chosen of slices, under what they are slices by where there are several ways. */
function sliceOptions(ways) {
  return ways.flatMap(({ by, names }, way) => {
    const options = names.map((name, k) => make("option", { value: `${way} ${k}`, text: shorten(name, 48) || "(no name)" }));
    return ways.length > 1 ? [make("optgroup", { label: visible(by), children: options })] : options;
  });
}
