// Two models: the paired difference, what decides it, and what it would take to tell them apart.

const FLAGS = [
  "real",
  "real_among_all",
  "saving",
  "unsaving",
  "naive_smaller",
  "naive_larger",
  "naive_alike",
  "agreeing",
];

/** Say the interval and the p-value of a lead, seen from who is ahead: as `compare` does. */
function taken(pair, shown) {
  const p = pair.p.startsWith("<") ? `p ${pair.p}` : `p = ${pair.p}`;
  return `(${level(shown.level)} CI ${pair.low} to ${pair.high}, ${p})`;
}

class PairPanel {
  constructor({ drawings, phrases, pick, go }) {
    Object.assign(this, { drawings, phrases, pick, charts: {} });
    this.needs = new NeedsPart(drawings);
    this.deciding = new DecidingPart(drawings, go);
    for (const id of ["pair-a", "pair-b"]) at(id).addEventListener("change", () => this.picked(id));
    at("pair-swap").addEventListener("click", () => pick([Number(at("pair-b").value), Number(at("pair-a").value)]));
  }

  /** Take what was chosen; who is chosen on both sides changes places with the other. */
  picked(id) {
    const [a, b] = [Number(at("pair-a").value), Number(at("pair-b").value)];
    if (a !== b) this.pick([a, b]);
    else this.pick(id === "pair-a" ? [a, this.a] : [this.b, b]);
  }

  /** Take another board. */
  board(board, details) {
    Object.assign(this, { shown: board, pairs: details.pairs });
    this.needs.board(board);
    this.deciding.board(board, details.items);
    Object.values(this.charts).forEach((chart) => chart.clear());
    this.charts = Object.fromEntries(
      ["gap", "outcomes"].map((name) => [name, new Chart(at(`pair-${name}`), this.drawings[kind(board)][name])]),
    );
    const names = shortNames(board.models.map((model) => model.model));
    const options = board.models
      .slice(0, this.pairs.models)
      .map((model, k) => [k, `${model.rank}. ${shorten(names[k], 48)}`]);
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
    this.needed = neededFor(this.pair, this.shown);
    this.verdict();
    this.numbers();
    this.outcomes();
    this.needs.show(this.pair, this.needed.items);
    this.deciding.show(this.pair, [a, b], this.names);
    this.words();
  }

  unknown() {
    const why =
      this.pair === null
        ? `The page compares the best ${count(this.pairs.models)} models; for others: howsure compare.`
        : "These two have no question in common; howsure compare shows what can still be said.";
    at("pair-verdict").textContent = why;
    at("pair-verdict").className = "verdict open";
  }

  verdict() {
    const { pair, shown, names } = this;
    const take = taken(pair.d < 0 ? turned(pair) : pair, shown);
    const size = lead(pair, shown.percent);
    const [better, worse] = pair.d > 0 !== shown.lower ? names : names.toReversed();
    const where = shown.task ? "" : " overall";
    const said = shown.beyond ? shown.beyond[pair.holds.real ? 1 : 0] : shown.about;
    const about = said && `,${said}`;
    let needed = "";
    if (pair.settled !== undefined) needed = pair.settled;
    else if (pair.weak) needed = `${pair.weak}.`;
    else if (this.needed.items < MOST_FORECAST) needed = `About ${roundedUp(this.needed.items)} questions in all would settle it, if the true difference is this large.`;
    else if (this.needed.attempts < MOST_FORECAST)
      needed = `About ${roundedUp(this.needed.attempts)} attempts per question would settle it.`;
    let text = `Can't tell. ${better} is ahead of ${worse}${where} by ${size} ${take}${about}.`;
    if (pair.p === "n/a")
      text = `Can't tell which of ${names[0]} and ${names[1]} is better, because there is no error bar${pair.why ? ` (${pair.why})` : ""}.`;
    else if (pair.holds.real)
      text = `${better} is better than ${worse}${where} by ${size} ${take}${about}.`;
    else if (pair.d === 0)
      text = `Can't tell. ${names[0]} and ${names[1]} score the same${where}${shown.about} (${level(shown.level)} CI ${pair.low} to ${pair.high}).`;
    const alone = this.only[0] + this.only[1];
    if (alone > 0) {
      const scope = `On the ${count(pair.n)} of ${plural(pair.n + alone, "question")} that both answered, `;
      const open = "Can't tell. ";
      text = text.startsWith(open) ? `${open}${scope}${text.slice(open.length)}` : `${scope}${text.replace(/^Can't tell/, "can't tell")}`;
    }
    if (!pair.holds.real && needed) text = `${text} ${needed}`;
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
    if (pair.holds.real_among_all) return `Also significant among ${all} (p = ${pair.q} after correction).`.replace("= <", "<");
    if (!pair.holds.real) return "";
    return `But as one of ${all}, it could be chance (p = ${pair.q} after correction): it is significant only if this is the one pair that you meant to compare.`;
  }

  numbers() {
    const { pair, shown } = this;
    const { percent } = shown;
    const rows = [
      [shorten(this.names[0], 26), pair.a_score],
      [shorten(this.names[1], 26), pair.b_score],
      ["difference a − b", `${pair.difference}${unit(percent)}`],
      [`${level(shown.level)} CI`, `${span(pair.low, pair.high)}${unit(percent)}`],
      [shown.benchmark ? "SE" : "SE, paired", `${pair.shown_se}${unit(percent)}${this.savings()}`],
      ["p-value", pair.p],
      ...(shown.adjust === "none" || shown.models.length < 3
        ? []
        : [["p among all pairs", `${pair.q} (${shown.adjust})`]]),
      ["questions, clusters", this.counts()],
    ];
    at("pair-numbers").replaceChildren(
      ...rows.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]),
    );
    at("pair-gap").hidden = pair.low === "n/a";
    if (pair.low === "n/a") return;
    const scale = percent ? 100 : 1;
    const ends = [pair.low, pair.high].map(number);
    const bar = { low: ends[0], high: ends[1], value: scale * pair.d, real: this.firm() };
    this.charts.gap.show(
      [bar],
      `Difference ${pair.difference}${unit(percent)}, confidence interval from ${pair.low} to ${pair.high}; 0 is ${pair.holds.real ? "outside" : "inside"}.`,
    );
  }

  counts() {
    const { pair } = this;
    const df = pair.df === null ? "" : ` (df ${fixed(pair.df, 1)})`;
    const clusters = pair.g === pair.n ? "" : ` in ${plural(pair.g, "cluster")}${df}`;
    const only =
      this.only[0] + this.only[1] > 0 ? `; ${count(this.only[0])} only in a, ${count(this.only[1])} only in b` : "";
    return plural(pair.n, "shared question") + clusters + only;
  }

  savings() {
    const { pair } = this;
    if (pair.alone) return ` (${pair.alone})`;
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
    // Questions have no outcome of their own in a metric such as F1.
    at("pair-questions").hidden = pair.wins + pair.ties + pair.losses === 0;
    const rows = parts.map(([who, text, number], order) => ({
      who,
      order,
      count: number,
      told: `${text}: ${count(number)}`,
    }));
    this.charts.outcomes.show(rows, rows.map((row) => row.told).join(", "));
    at("pair-counts").replaceChildren(...rows.map((row) => make("li", { kind: `won-${row.who}`, text: row.told })));
  }

  words() {
    const conditions = pairConditions(this.pair, this.shown, this.only, this.needed.items, this.needed.attempts);
    const fields = pairFields(this.pair, this.shown, this.names, this.only, this.needed.items, this.needed.attempts);
    at("pair-words").replaceChildren(...paragraphs(this.phrases, conditions, fields));
  }
}
