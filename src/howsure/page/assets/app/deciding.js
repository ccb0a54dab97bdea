// What decides between two models: the questions that broke and were fixed from one to the other, and the clusters that these are in.

const MOST_ITEMS_SHOWN = 8;
const MOST_CLUSTERS_SHOWN = 12;

class DecidingPart {
  /** `go` is called with what is to stand in the address. */
  constructor(drawings, go) {
    Object.assign(this, { drawings, go, chart: null });
  }

  board(board, items) {
    Object.assign(this, { shown: board, items });
    this.chart?.clear();
    this.chart = new Chart(at("pair-drivers"), this.drawings[kind(board)].drivers);
  }

  /** Show what decides between the models a and b. */
  show(pair, [a, b], names) {
    Object.assign(this, { pair, names });
    at("pair-flips").textContent = visible(this.sentence());
    at("decisive").hidden = pair.wins + pair.losses === 0;
    at("decisive-lists").hidden = this.items === null;
    at("decisive-unlisted").hidden = this.items !== null;
    at("decisive-unlisted").textContent = unlisted(this.shown);
    at("drivers").hidden = this.items === null || this.items.clusters === null;
    if (this.items === null) return;
    this.parts = this.shared(this.items.of(a), this.items.of(b));
    this.questions();
    if (this.items.clusters !== null) this.clusters();
  }

  /** Return how many questions got worse and better from a to b, and how many would flip in an unchanged rerun, like `compare --flips`. */
  sentence() {
    const { pair, names } = this;
    const head = `From ${names[0]} to ${names[1]}, ${count(pair.wins)} of ${plural(pair.n, "question")} got worse and ${count(pair.losses)} better`;
    if (pair.rerun === undefined) return `${head}. How many would flip in an unchanged rerun: howsure compare --flips.`;
    if (pair.rerun === null) return `${head}. How many would flip in an unchanged rerun isn't known.`;
    const [worse, better] = pair.rerun.map(count);
    return `${head}. An unchanged rerun would flip about ${worse} and ${better}.`;
  }

  /** Return, for every question that both answered, both scores and what it adds to the difference. */
  shared(a, b) {
    const there = a.map((_, k) => k).filter((k) => a[k] !== null && b[k] !== null);
    const weight = there.reduce((sum, k) => sum + this.items.weights[k], 0);
    return there.map((k) => ({ k, a: a[k], b: b[k], part: (this.items.weights[k] * (a[k] - b[k])) / weight }));
  }

  questions() {
    const sign = this.shown.lower ? -1 : 1;
    const lists = [
      ["Broke", this.names[0], this.pair.wins, this.parts.filter((item) => sign * item.part > 0)],
      ["Fixed", this.names[1], this.pair.losses, this.parts.filter((item) => sign * item.part < 0)],
    ];
    at("decisive-lists").replaceChildren(...lists.map((list) => this.list(...list)));
  }

  /** Return a table of the questions that one model did better on, the largest first; all are in the list of questions. */
  list(what, name, won, items) {
    const sorted = items.toSorted((x, y) => Math.abs(y.part) - Math.abs(x.part)).slice(0, MOST_ITEMS_SHOWN);
    const body = make("tbody", { children: sorted.map((item) => this.line(item)) });
    const caption = make("caption", { text: `${what} ${count(won)}: ${name} better` });
    const children = [make("table", { kind: "items", children: [caption, body] })];
    if (won > MOST_ITEMS_SHOWN) {
      const more = make("button", { type: "button", text: `all ${count(won)}` });
      more.addEventListener("click", () => this.go({ ...UNFILTERED, look: "questions", outcome: what.toLowerCase() }));
      children.push(more);
    }
    return make("div", { children });
  }

  line(item) {
    const { percent } = this.shown;
    const named = labelled(this.items, item.k);
    const scores = `${scoreNumber(item.a, percent)} : ${scoreNumber(item.b, percent)}`;
    const button = make("button", { type: "button", kind: "link", text: shorten(named, 36), title: named });
    const outcome = item.part > 0 !== this.shown.lower ? "broke" : "fixed";
    button.addEventListener("click", () =>
      this.go({ ...UNFILTERED, look: "question", question: this.items.ids[item.k], outcome }),
    );
    const head = make("th", { scope: "row", children: [button] });
    return make("tr", { children: [head, make("td", { kind: "number", text: scores })] });
  }

  clusters() {
    const { percent, lower } = this.shown;
    const sorted = this.sums().toSorted((x, y) => Math.abs(y.part) - Math.abs(x.part));
    const drawn = sorted.slice(0, MOST_CLUSTERS_SHOWN);
    const labels = distinct(drawn.map(({ cluster }) => this.items.labels[cluster]));
    const rows = drawn.map(({ cluster, part, items }, k) => ({
      label: labels[k],
      value: (percent ? 100 : 1) * part,
      good: part > 0 !== lower,
      told: `${visible(this.items.labels[cluster])}: ${signed(part, percent)} from ${plural(items, "question")}`,
    }));
    const by = this.items.name ? `By ${visible(this.items.name)}. ` : "";
    const top = rows.slice(0, 3).map((row) => row.told);
    const left = sorted.length - rows.length;
    const rest = left > 0 ? ` ${plural(left, "smaller one")} not shown.` : "";
    const told = `${by}The largest contributions to ${this.pair.difference}${unit(percent)}: ${top.join("; ")}.${rest}`;
    at("drivers-told").textContent = told;
    this.chart.show(rows, told);
  }

  /** Add up what the questions of each cluster add to the difference. */
  sums() {
    const sums = new Map();
    for (const { k, part } of this.parts) {
      const cluster = this.items.clusters[k];
      const found = sums.get(cluster) ?? { cluster, part: 0, items: 0 };
      sums.set(cluster, { cluster, part: found.part + part, items: found.items + 1 });
    }
    return [...sums.values()];
  }
}

/** Leave out all but letters and digits, so that `django__django-1` is seen to name django/django. */
function letters(text) {
  return text.replace(/[\W_]+/g, "");
}
