// Two models: the paired difference, what decides it, and what it would take to tell them apart.

const MOST_ITEMS_SHOWN = 8;
const MOST_CLUSTERS_SHOWN = 12;
const MOST_ATTEMPTS = 20;
const FLAGS = ["real", "real_among_all", "saving", "unsaving", "naive_smaller", "naive_larger", "naive_alike", "agreeing"];

class PairPanel {
  constructor({ drawings, phrases, pick }) {
    Object.assign(this, { drawings, phrases, pick, charts: {} });
    for (const id of ["pair-a", "pair-b"]) at(id).addEventListener("change", () => this.picked(id));
    at("pair-swap").addEventListener("click", () => pick([Number(at("pair-b").value), Number(at("pair-a").value)]));
    for (const id of ["questions", "attempts", "true-gap"]) at(id).addEventListener("input", () => this.forecast());
  }

  /** Take what was chosen; who is chosen on both sides changes places with the other. */
  picked(id) {
    const [a, b] = [Number(at("pair-a").value), Number(at("pair-b").value)];
    if (a !== b) this.pick([a, b]);
    else this.pick(id === "pair-a" ? [a, this.a] : [this.b, b]);
  }

  /** Take another board. */
  board(board, details) {
    Object.assign(this, { shown: board, pairs: details.pairs, items: details.items });
    Object.values(this.charts).forEach((chart) => chart.clear());
    this.charts = Object.fromEntries(
      ["gap", "outcomes", "power", "drivers"].map((name) => [name, new Chart(at(`pair-${name}`), this.drawings[kind(board)][name])]),
    );
    const names = shortNames(board.models.map((model) => model.model));
    const options = board.models.slice(0, this.pairs.models).map((model, k) => [k, `${model.rank}. ${shorten(names[k], 48)}`]);
    for (const id of ["pair-a", "pair-b"]) {
      at(id).replaceChildren(...options.map(([k, text]) => make("option", { value: k, text })));
    }
  }

  show([a, b]) {
    Object.assign(this, { a, b });
    at("pair-a").value = a;
    at("pair-b").value = b;
    this.pair = this.pairs.of(a, b);
    const known = this.pair !== null && this.pair.n > 0 && this.pair.d !== null;
    at("pair-known").hidden = !known;
    if (!known) return this.unknown();
    const models = this.shown.models;
    this.names = shortNames([models[a].model, models[b].model]);
    this.pair.holds = Object.fromEntries(FLAGS.map((name, k) => [name, Boolean((this.pair.flags >> k) & 1)]));
    this.pair.a_score ??= score(models[a].value, this.shown.percent);
    this.pair.b_score ??= score(models[b].value, this.shown.percent);
    this.only = [models[a].n_items - this.pair.n, models[b].n_items - this.pair.n];
    this.start();
    this.verdict();
    this.numbers();
    this.outcomes();
    this.decisive();
    this.drivers();
    this.words();
  }

  unknown() {
    const why =
      this.pair === null
        ? `The page compares the best ${count(this.pairs.models)} models; for others: howsure compare.`
        : "These two answered no question in common; howsure compare says what can be said.";
    at("pair-verdict").textContent = why;
    at("pair-verdict").className = "verdict open";
  }

  /** Make the forecast, and put the sliders where the data are. */
  start() {
    const { pair, shown } = this;
    const test = { level: shown.level, pseudo: shown.pseudo, normal: shown.normal };
    const known = pair.se > 0 && (pair.df !== null || shown.normal);
    const forecast = known ? new Forecast(pair, test) : null;
    const needed = known && pair.d !== 0 && pair.g >= 10 ? forecast.needed(Math.abs(pair.d)) : NaN;
    this.needed = shown.benchmark ? NaN : needed;
    this.attemptsNeeded = shown.benchmark && pair.attempts ? (needed / pair.n) * pair.attempts : NaN;
    this.model = shown.benchmark ? null : forecast;
    at("needs").hidden = this.model === null;
    if (this.model === null) return;
    this.sizes = sizes(pair.n, this.needed < 1e6 ? this.needed : pair.n);
    at("questions").max = this.sizes.length - 1;
    at("questions").value = this.sizes.indexOf(pair.n);
    const now = shown.attempts;
    at("attempts-row").hidden = this.model.once === null;
    at("attempts-unknown").hidden = this.model.once !== null;
    at("attempts").value = Math.min(Math.max(Math.round(now), 1), MOST_ATTEMPTS);
    const scale = shown.percent ? 100 : 1;
    at("true-gap").value = Number((scale * this.likelyGap()).toPrecision(3));
    at("gap-unit").textContent = unit(shown.percent) || "score units";
    this.forecast();
  }

  /** Return the gap that was seen; where there is none, the smallest that would show, or else the length of the error bar. */
  likelyGap() {
    const { pair, shown } = this;
    if (pair.d !== 0) return Math.abs(pair.d);
    const smallest = this.model.smallest(pair.n, undefined, shown.percent ? 1 : Infinity);
    return Number.isFinite(smallest) ? smallest : (number(pair.high) - number(pair.low)) / (shown.percent ? 200 : 2);
  }

  verdict() {
    const { pair, shown, names } = this;
    const take = pair.take;
    const size = `${pair.difference.slice(1)}${unit(shown.percent)}`;
    const [better, worse] = pair.d > 0 !== shown.lower ? names : names.toReversed();
    const where = shown.task ? "" : "overall, ";
    let needed = "";
    if (this.needed < 1e7) needed = `; it would take about ${roundedUp(this.needed)} items in all`;
    else if (this.attemptsNeeded < 1e5) needed = `; it would take about ${roundedUp(this.attemptsNeeded)} attempts at each item`;
    let text = `Can't tell: ${where}${better} is ahead by ${size}, give or take ${take}${needed}.`;
    if (pair.p === "n/a") text = `Can't tell ${names[0]} and ${names[1]} apart: these scores give no error bar${pair.why ? ` (${pair.why})` : ""}.`;
    else if (pair.holds.real) text = `${where}${better} beats ${worse} by ${size}, give or take ${take}: real at ${level(shown.level)}.`;
    else if (pair.d === 0) text = `Can't tell: ${where}${names[0]} and ${names[1]} score the same, give or take ${take}${unit(shown.percent)}.`;
    at("pair-verdict").textContent = visible(text);
    at("pair-verdict").className = `verdict ${this.firm() ? "real" : "open"}`;
    const among = this.amongAll();
    at("pair-among").textContent = among;
    at("pair-among").className = pair.holds.real && !this.firm() ? "verdict open" : "among";
    at("pair-among").hidden = among === "";
  }

  /** Say whether the difference is real, also as one of all the pairs of the board where these are corrected for. */
  firm() {
    const { real, real_among_all } = this.pair.holds;
    return real && (real_among_all || this.shown.adjust === "none" || this.shown.models.length < 3);
  }

  /** Say what the same difference is worth where it is one of many. */
  amongAll() {
    const { pair, shown } = this;
    const pairs = (shown.models.length * (shown.models.length - 1)) / 2;
    if (pairs < 2 || shown.adjust === "none" || pair.q === "n/a") return "";
    const all = `all ${count(pairs)} pairs of this board`;
    if (pair.holds.real_among_all) return `Also among ${all} (p = ${pair.q} after correction).`.replace("= <", "<");
    if (!pair.holds.real) return "";
    return `But found among ${all}, it could be chance (p = ${pair.q} after correction): it is real only if this is the one pair that you meant to compare.`;
  }

  numbers() {
    const { pair, shown } = this;
    const { percent } = shown;
    const rows = [
      [shorten(this.names[0], 26), pair.a_score],
      [shorten(this.names[1], 26), pair.b_score],
      ["difference a − b", `${pair.difference}${unit(percent)}`],
      [`${level(shown.level)} interval`, `[${pair.low}, ${pair.high}]${unit(percent)}`],
      ["p-value", pair.p],
      ...(shown.adjust === "none" || shown.models.length < 3 ? [] : [["p among all pairs", `${pair.q} (${shown.adjust})`]]),
      [shown.benchmark ? "SE" : "SE, paired", `${pair.shown_se}${unit(percent)}${this.savings()}`],
      ["items, clusters", this.counts()],
    ];
    at("pair-numbers").replaceChildren(...rows.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]));
    at("pair-gap").hidden = pair.low === "n/a";
    if (pair.low === "n/a") return;
    const scale = percent ? 100 : 1;
    const ends = [pair.low, pair.high].map(number);
    const bar = { low: ends[0], high: ends[1], value: scale * pair.d, real: this.firm() };
    this.charts.gap.show([bar], `Difference ${pair.difference}${unit(percent)}, interval from ${pair.low} to ${pair.high}; 0 is ${pair.holds.real ? "outside" : "inside"}.`);
  }

  counts() {
    const { pair, shown } = this;
    const df = pair.df === null ? (shown.normal ? "inf" : "nan") : fixed(pair.df, 1);
    const clusters = pair.g === pair.n ? "" : ` in ${plural(pair.g, "cluster")} (df ${df})`;
    const only = this.only[0] + this.only[1] > 0 ? `; ${count(this.only[0])} only in a, ${count(this.only[1])} only in b` : "";
    return plural(pair.n, "shared item") + clusters + only;
  }

  savings() {
    const { pair } = this;
    if (pair.unpaired === "n/a") return "";
    const r = pair.r === null ? "" : `; correlation ${pair.r}`;
    return ` (unpaired ${pair.unpaired}${r})`;
  }

  outcomes() {
    const { pair, names } = this;
    const parts = [
      ["a", `${names[0]} better`, pair.wins],
      ["tie", "the same", pair.ties],
      ["b", `${names[1]} better`, pair.losses],
    ];
    const rows = parts.map(([who, text, number], order) => ({ who, order, count: number, told: `${text}: ${count(number)}` }));
    this.charts.outcomes.show(rows, rows.map((row) => row.told).join(", "));
    at("pair-counts").replaceChildren(
      ...rows.map((row) => make("li", { kind: `won-${row.who}`, text: row.told })),
    );
  }

  /** Return, for every question that both answered, both scores and what it adds to the difference. */
  shared() {
    const [a, b] = [this.items.of(this.a), this.items.of(this.b)];
    const there = a.map((_, k) => k).filter((k) => a[k] !== null && b[k] !== null);
    const weight = there.reduce((sum, k) => sum + this.items.weights[k], 0);
    return there.map((k) => ({ k, a: a[k], b: b[k], part: (this.items.weights[k] * (a[k] - b[k])) / weight }));
  }

  decisive() {
    at("decisive").hidden = this.items === null;
    if (this.items === null) return;
    this.parts = this.shared();
    const sign = this.shown.lower ? -1 : 1;
    const lists = [
      [0, this.parts.filter((item) => sign * item.part > 0)],
      [1, this.parts.filter((item) => sign * item.part < 0)],
    ];
    at("decisive-lists").replaceChildren(...lists.map(([side, items]) => this.decisiveList(side, items)));
  }

  decisiveList(side, items) {
    const { percent } = this.shown;
    const sorted = items.toSorted((x, y) => Math.abs(y.part) - Math.abs(x.part));
    const line = (item) => {
      const id = visible(this.items.ids[item.k]);
      const cluster = this.items.clusters ? visible(this.items.labels[this.items.clusters[item.k]]) : "";
      const named = cluster === "" || id.includes(cluster) ? id : `${id} (${cluster})`;
      const scores = `${scoreNumber(item.a, percent)} : ${scoreNumber(item.b, percent)}`;
      return make("tr", {
        children: [make("th", { scope: "row", text: shorten(named, 27), title: named }), make("td", { kind: "number", text: scores })],
      });
    };
    const body = make("tbody", { children: sorted.slice(0, MOST_ITEMS_SHOWN).map(line) });
    const caption = make("caption", { text: `${this.names[side]} better on ${count(items.length)}` });
    const children = [make("table", { kind: "items", children: [caption, body] })];
    if (sorted.length > MOST_ITEMS_SHOWN) {
      const more = make("button", { type: "button", text: `Show all ${count(sorted.length)}` });
      more.addEventListener("click", () => {
        body.append(...sorted.slice(MOST_ITEMS_SHOWN).map(line));
        more.remove();
      });
      children.push(more);
    }
    return make("div", { children });
  }

  drivers() {
    const clustered = this.items !== null && this.items.clusters !== null;
    at("drivers").hidden = !clustered;
    if (!clustered) return;
    const sums = new Map();
    for (const { k, part } of this.parts) {
      const cluster = this.items.clusters[k];
      const found = sums.get(cluster) ?? { cluster, part: 0, items: 0 };
      sums.set(cluster, { cluster, part: found.part + part, items: found.items + 1 });
    }
    const sorted = [...sums.values()].toSorted((x, y) => Math.abs(y.part) - Math.abs(x.part));
    const { percent } = this.shown;
    const scale = percent ? 100 : 1;
    const drawn = sorted.slice(0, MOST_CLUSTERS_SHOWN);
    const labels = distinct(drawn.map(({ cluster }) => this.items.labels[cluster]));
    const rows = drawn.map(({ cluster, part, items }, k) => ({
      label: labels[k],
      value: scale * part,
      good: part > 0 !== this.shown.lower,
      told: `${visible(this.items.labels[cluster])}: ${signed(part, percent)} from ${plural(items, "item")}`,
    }));
    const top = rows.slice(0, 3).map((row) => row.told);
    const left = sorted.length - rows.length;
    const by = this.items.name ? `By ${visible(this.items.name)}. ` : "";
    at("drivers-told").textContent =
      `${by}Of ${this.pair.difference}${unit(percent)}, the largest parts: ${top.join("; ")}.` + (left > 0 ? ` ${plural(left, "smaller one")} not drawn.` : "");
    this.charts.drivers.show(rows, at("drivers-told").textContent);
  }

  /** Follow the sliders. */
  forecast() {
    const { model, shown, pair } = this;
    if (!model) return;
    const { percent } = shown;
    const n = this.sizes[Number(at("questions").value)];
    const k = model.once === null ? undefined : Number(at("attempts").value);
    const same = k === undefined || k === Math.round(shown.attempts);
    const attempts = same ? undefined : k;
    const effect = Math.abs(Number(at("true-gap").value)) / (percent ? 100 : 1);
    const power = model.power(effect, n, attempts);
    const smallest = model.smallest(n, attempts, percent ? 1 : Infinity);
    const needed = effect > 0 ? model.needed(effect, attempts) : Infinity;
    at("questions-out").textContent = count(n);
    at("questions").setAttribute("aria-valuetext", `${count(n)} questions`);
    at("attempts-out").textContent = k === undefined ? "" : String(k);
    at("power").textContent = share(power);
    at("power").dataset.value = String(power);
    at("smallest").textContent = Number.isFinite(smallest) ? `${gap(smallest, percent)} or more` : "no gap at all";
    at("needed").textContent = needed < 1e7 ? `about ${roundedUp(needed)}` : "more than ten million";
    at("forecast-se").textContent = gap(model.se(n, attempts), percent);
    const rows = this.sizes.map((items) => ({ kind: "curve", items, power: model.power(effect, items, attempts) }));
    rows.push({ kind: "now", items: pair.n, power: model.power(effect, pair.n, attempts) }, { kind: "chosen", items: n, power });
    const label = `Chance to show a true gap of ${gap(effect, percent)} over the number of questions: ${share(power)} with ${count(n)}.`;
    this.charts.power.show(rows, label);
  }

  words() {
    const conditions = pairConditions(this.pair, this.shown, this.only, this.needed, this.attemptsNeeded);
    const fields = pairFields(this.pair, this.shown, this.names, this.only, this.needed, this.attemptsNeeded);
    at("pair-words").replaceChildren(...paragraphs(this.phrases, conditions, fields));
  }
}

/** Return numbers of questions for a slider: round ones from a quarter of n, or of what is needed, to ten times it, or twice that. */
function sizes(n, needed) {
  const [from, to] = [Math.max(Math.min(n, needed) / 4, 4), Math.max(10 * n, 2 * needed)];
  const steps = 60;
  const found = Array.from({ length: steps + 1 }, (_, k) => nice(from * (to / from) ** (k / steps)));
  return [...new Set([...found, n])].sort((a, b) => a - b);
}

function nice(value) {
  const step = 10 ** Math.max(Math.floor(Math.log10(value)) - 1, 0);
  return Math.round(value / step) * step;
}
