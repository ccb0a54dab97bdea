// The questions of a board: those that decide between two models, or those that one got right and wrong; filtered, searched, in pages.

const PAGE_SIZE = 50;
/** What stands in the address while all questions of two models are listed. */
const UNFILTERED = { of: null, outcome: null, cluster: null, slice: null, by: null, order: null, text: null, from: null };

/** Which questions are shown, by their scores a and b; `of` says whether it is about two models or one, `marks` whether there is a right and wrong. */
const OUTCOMES = [
  { name: "decide", text: "deciding", two: true, holds: (q) => q.part !== 0 },
  { name: "broke", text: "broke", two: true, holds: (q) => q.part > 0 },
  { name: "fixed", text: "fixed", two: true, holds: (q) => q.part < 0 },
  { name: "right", text: "both right", two: true, marks: true, holds: (q) => q.a === 1 && q.b === 1 },
  { name: "wrong", text: "both wrong", two: true, marks: true, holds: (q) => q.a === 0 && q.b === 0 },
  { name: "same", text: "the same", two: true, holds: (q) => q.part === 0 },
  { name: "right", text: "right", two: false, marks: true, holds: (q) => q.a === 1 },
  { name: "partly", text: "partly right", two: false, marks: true, holds: (q) => q.a > 0 && q.a < 1 },
  { name: "wrong", text: "wrong", two: false, marks: true, holds: (q) => q.a === 0 },
  { name: "all", text: "all", holds: () => true },
];
const ORDERS = {
  size: (x, y) => Math.abs(y.part) - Math.abs(x.part) || x.k - y.k,
  hardest: (x, y) => x.mean - y.mean || x.k - y.k,
  easiest: (x, y) => y.mean - x.mean || x.k - y.k,
  id: (x, y) => x.k - y.k,
};

class QuestionList {
  /** `go` is called with what is to stand in the address. */
  constructor({ place, go }) {
    Object.assign(this, { place, go, drawn: 0 });
    for (const name of ["outcome", "cluster", "order"])
      at(`questions-${name}`).addEventListener("change", (event) => this.filter({ [name]: event.target.value }));
    at("questions-slice").addEventListener("change", () => this.filter(this.sliceChosen()));
    at("questions-text").addEventListener("input", (event) => this.filter({ text: event.target.value }));
    at("questions-back").addEventListener("click", () => this.turn(-PAGE_SIZE));
    at("questions-on").addEventListener("click", () => this.turn(PAGE_SIZE));
    at("questions-body").addEventListener("click", (event) => this.chosen(event.target.closest("button")));
    for (const of of ["model", "pair"])
      at(`questions-of-${of}`).addEventListener("change", () => this.filter({ of, outcome: null }));
  }

  board(board, details, texts) {
    Object.assign(this, { shown: board, items: details.items, k: details.first, texts, hits: { text: "", found: [] } });
    if (this.items === null) return;
    const labels = this.items.clusters === null ? [] : this.items.labels.filter((label) => label !== "");
    const options = labels.map((value) => make("option", { value, text: shorten(value, 40) }));
    at("questions-cluster").replaceChildren(make("option", { value: "", text: "all clusters" }), ...options);
    at("questions-cluster-part").hidden = labels.length < 2;
    at("questions-slice").replaceChildren(make("option", { value: "", text: "all slices" }), ...sliceOptions(this.items.slices));
    at("questions-slice-part").hidden = this.items.slices.length === 0;
  }

  /** Return how the address names the slice that was chosen. */
  sliceChosen() {
    const { value } = at("questions-slice");
    if (value === "") return { slice: null, by: null };
    const [way, k] = value.split(" ").map(Number);
    const { by, names } = this.items.slices[way];
    return { slice: names[k], by: this.items.slices.length > 1 ? by : null };
  }

  /** Return what says whether a question is in the slice that the address names. */
  inSlice() {
    const asked = sliceAsked(this.items.slices, this.place);
    return asked === null ? () => true : (k) => this.items.slices[asked[0]].codes[k] === asked[1];
  }

  filter(values) {
    this.go({ from: null, ...values });
  }

  turn(step) {
    this.go({ from: Math.max(this.from + step, 0) || null }, { step: true });
    at("questions-told").scrollIntoView({ block: "nearest" });
  }

  chosen(button) {
    if (button !== null) this.go({ look: "question", question: this.items.ids[Number(button.dataset.item)] }, { step: true, focus: true });
  }

  get from() {
    const asked = Number(this.place.get("from"));
    return Number.isInteger(asked) && asked > 0 ? asked : 0;
  }

  /** Return the cluster that the address names by its label, -1 where it names none. */
  get cluster() {
    const asked = this.place.get("cluster");
    return this.items.clusters === null || asked === null ? -1 : this.items.labels.indexOf(asked);
  }

  outcomes(two) {
    const marks = this.shown.percent && !this.shown.lower;
    return OUTCOMES.filter((each) => (each.two ?? two) === two && (marks || !each.marks));
  }

  /** Return the questions of two models, or of one (b null), each with its scores, its mean over all and what it adds to the difference. */
  questions([a, b]) {
    const means = this.items.means();
    const [mine, theirs] = [this.items.of(a), b === null ? null : this.items.of(b)];
    const sign = this.shown.lower ? -1 : 1;
    return mine.flatMap((value, k) => {
      const other = theirs === null ? 0 : theirs[k];
      if (value === null || other === null) return [];
      const part = theirs === null ? value : this.items.weights[k] * (value - other);
      return [{ k, a: value, b: theirs === null ? null : other, part: sign * part, mean: means[k] }];
    });
  }

  /** Return the questions that the filters leave, in order, and how many each outcome has. */
  async listed(models) {
    const two = models[1] !== null;
    const every = this.questions(models);
    const outcomes = this.outcomes(two);
    const outcome = outcomes.find((each) => each.name === this.place.get("outcome")) ?? outcomes[two ? 0 : outcomes.length - 1];
    const words = (this.place.get("text") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const hits = await this.search(words);
    const [cluster, inSlice] = [this.cluster, this.inSlice()];
    const wanted = every.filter(({ k }) => (cluster < 0 || this.items.clusters[k] === cluster) && inSlice(k) && hits(k));
    const counts = outcomes.map((each) => wanted.filter(each.holds).length);
    const order = Object.hasOwn(ORDERS, this.place.get("order")) ? this.place.get("order") : "size";
    const listed = wanted.filter(outcome.holds).sort(ORDERS[two || order !== "size" ? order : "id"]);
    return { listed, outcomes, outcome, counts, order, two };
  }

  /** Return what says whether a question has every word, in its id, its cluster or, where the page holds them, its texts. */
  async search(words) {
    if (words.length === 0) return () => true;
    const text = words.join(" ");
    if (this.hits.text !== text)
      this.hits = { text, found: this.texts.searchable(this.k) ? await this.texts.search(this.k, words) : [] };
    const { found } = this.hits;
    const { ids, clusters, labels } = this.items;
    const named = (k) => `${ids[k]} ${clusters === null ? "" : labels[clusters[k]]}`.toLowerCase();
    return (k) => words.every((word, place) => named(k).includes(word) || found[place]?.has(k));
  }

  /** Show the questions of two models, or of one (b null); `missing`: a question that was asked for and isn't there. */
  async show(models, names, missing) {
    at("questions-known").hidden = this.items === null;
    at("questions-unknown").hidden = this.items !== null && missing === null;
    at("questions-unknown").textContent = this.items === null ? unlisted(this.shown) : `There is no question ${shorten(missing ?? "")} here.`;
    if (this.items === null) return;
    const drawn = (this.drawn += 1);
    const found = await this.listed(models);
    if (drawn !== this.drawn) return;
    this.controls(found);
    const from = this.from < found.listed.length ? this.from : 0;
    const rows = found.listed.slice(from, from + PAGE_SIZE);
    const { percent } = this.shown;
    const heads = ["question", ...(found.two ? ["a", "b"] : ["score"]), "mean"];
    at("questions-names").replaceChildren(...names.map((text, k) => named(text, found.two ? "ab"[k] : "")));
    at("questions-head").replaceChildren(
      make("tr", { children: heads.map((text, k) => make("th", { scope: "col", kind: k ? "number" : null, text, title: text === "mean" ? "over all models" : null })) }),
    );
    const hints = await this.texts.hints(this.k, rows.map(({ k }) => k));
    if (drawn !== this.drawn) return;
    at("questions-body").replaceChildren(...rows.map((row, k) => this.row(row, found.two, percent, hints[k])));
    this.pages(from, found.listed.length);
  }

  row({ k, a, b, part, mean }, two, percent, hint) {
    const better = part === 0 ? "" : part > 0 ? "won-a" : "won-b";
    const cells = [a, ...(two ? [b] : []), mean].map((value, at) =>
      make("td", {
        kind: ["number", two && at < 2 && better === `won-${"ab"[at]}` ? "better" : ""].join(" ").trim(),
        text: scoreNumber(value, percent),
      }),
    );
    const label = labelled(this.items, k);
    const button = make("button", { type: "button", kind: "link", "data-item": k, title: label, text: shorten(label, 70) });
    const more = hint ? make("span", { kind: "hint-of", text: hint }) : null;
    return make("tr", { children: [make("th", { scope: "row", children: [button, more] }), ...cells] });
  }

  controls({ outcomes, outcome, counts, order, two }) {
    const options = outcomes.map((each, k) => make("option", { value: each.name, text: `${each.text} (${count(counts[k])})` }));
    at("questions-outcome").replaceChildren(...options);
    at("questions-outcome").value = outcome.name;
    at("questions-cluster").value = this.cluster < 0 ? "" : this.items.labels[this.cluster];
    at("questions-slice").value = sliceAsked(this.items.slices, this.place)?.join(" ") ?? "";
    at("questions-order").options[0].hidden = !two; // of one model there is none
    at("questions-order").value = two || order !== "size" ? order : "id";
    const text = this.place.get("text") ?? "";
    if (at("questions-text").value !== text) at("questions-text").value = text;
    at("questions-text").placeholder = this.texts.searchable(this.k) ? "id or text" : "id";
    at("questions-of").hidden = this.shown.models.length < 2;
    at(two ? "questions-of-pair" : "questions-of-model").checked = true;
  }

  pages(from, all) {
    const last = Math.min(from + PAGE_SIZE, all);
    at("questions-told").textContent =
      all === 0 ? "No question fits." : all <= PAGE_SIZE ? plural(all, "question") : `${count(from + 1)}–${count(last)} of ${plural(all, "question")}`;
    at("questions-back").hidden = at("questions-on").hidden = all <= PAGE_SIZE;
    at("questions-back").disabled = from === 0;
    at("questions-on").disabled = last === all;
  }
}

/** Return the name of a model after the sign of its side, where it has one. */
function named(text, side) {
  return make("span", { children: [side ? make("b", { kind: `side side-${side}`, text: `${side} ` }) : null, visible(text)] });
}

/** Return a question's id, with the cluster where the id doesn't say it. */
function labelled(items, k) {
  const id = visible(items.ids[k]);
  const cluster = items.clusters ? visible(items.labels[items.clusters[k]]) : "";
  return letters(id).includes(letters(cluster)) ? id : `${id} (${cluster})`;
}

/** Say why a board has no questions to list. */
function unlisted(board) {
  if (!board.listed) return "A metric such as F1 has no score for each question, so there are none to list.";
  return board.task
    ? "This board is too large for the page to hold single questions: howsure compare --flips lists them."
    : "The questions are listed task by task: choose a task above.";
}
