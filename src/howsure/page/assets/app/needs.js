// What it would take to tell two models apart: sliders for questions and attempts, and the power curve that follows them.

const MOST_ATTEMPTS = 20;
const FEWEST = 10; // clusters, or items where each is its own, below which no number of items is forecast

/** Return how a pair would be tested with other numbers of questions and attempts, null where it has no error bar. */
function forecastOf(pair, shown) {
  const known = !shown.beyond && (pair.telling ?? pair.se) > 0 && (pair.df !== null || shown.normal);
  return known ? new Forecast(pair, shown) : null;
}

/** How many of a pair's items, or clusters of them, are drawn independently: of the same clusters all items. */
const units = (pair, { same }) => (same ? pair.n : pair.g);

/** A pair's spread (statistics/power.js) as it is, and where it is known split into questions and answers; clusters grow in number. */
class Forecast {
  constructor(pair, { level, score, normal, same }) {
    const size = normal || units(pair, { same }) === pair.n ? 1 : Math.max(pair.n / Math.max(pair.df + 1, 1), 1);
    this.test = { level, method: normal ? "z" : score ? "score" : "t" };
    this.now = { within: pair.n * (pair.telling ?? pair.se) ** 2, size };
    this.split = (pair.once ?? null) === null ? null : { within: pair.n * pair.questions, answer: pair.n * pair.once, size };
  }

  /** Return what statistics/power.js asks of: no attempts given, as many as there are. */
  spread(attempts) {
    return attempts === undefined || this.split === null ? this.now : this.split;
  }

  se(n, attempts) {
    return expectedSe(this.spread(attempts), n, attempts);
  }

  power(effect, n, attempts) {
    return powerOf(this.spread(attempts), this.test, effect, n, attempts);
  }

  needed(effect, attempts) {
    return itemsNeeded(this.spread(attempts), this.test, effect, attempts);
  }

  smallest(n, attempts, most) {
    return smallestEffect(this.spread(attempts), this.test, n, attempts, { most });
  }
}

/** Return how many items would show a gap of the size seen, or attempts at exactly these items; NaN where none is forecast. */
function neededFor(pair, shown) {
  if (pair.settled !== undefined) return { items: pair.items_needed ?? NaN, attempts: NaN };
  const forecast = forecastOf(pair, shown);
  const items = forecast && !pair.weak && pair.d !== 0 && units(pair, shown) >= FEWEST ? forecast.needed(Math.abs(pair.d)) : NaN;
  if (!shown.benchmark) return { items, attempts: NaN };
  return { items: NaN, attempts: pair.attempts ? (items / pair.n) * pair.attempts : NaN };
}

class NeedsPart {
  constructor(drawings) {
    Object.assign(this, { drawings, chart: null });
    for (const id of ["questions", "attempts", "true-gap"]) at(id).addEventListener("input", () => this.follow());
  }

  board(board) {
    this.shown = board;
    this.chart?.clear();
    this.chart = new Chart(at("pair-power"), this.drawings[kind(board)].power);
  }

  /** Put the sliders where the data are. */
  show(pair, needed) {
    const { shown } = this;
    this.pair = pair;
    this.model = shown.benchmark ? null : forecastOf(pair, shown);
    at("needs").hidden = this.model === null;
    if (this.model === null) return;
    this.sizes = sizes(pair.n, needed < 1e6 ? needed : pair.n);
    at("questions").max = this.sizes.length - 1;
    at("questions").value = this.sizes.indexOf(pair.n);
    at("attempts-row").hidden = this.model.split === null;
    at("attempts-unknown").hidden = this.model.split !== null;
    at("attempts").value = Math.min(Math.max(Math.round(shown.attempts), 1), MOST_ATTEMPTS);
    const scale = shown.percent ? 100 : 1;
    at("true-gap").value = Number((scale * this.likelyGap()).toPrecision(3));
    at("gap-unit").textContent = unit(shown.percent) || "score units";
    this.follow();
  }

  /** Return the gap that was seen; where there is none, the smallest that would show, or else the length of the error bar. */
  likelyGap() {
    const { pair, shown } = this;
    if (pair.d !== 0) return Math.abs(pair.d);
    const smallest = this.model.smallest(pair.n, undefined, shown.percent ? 1 : Infinity);
    return Number.isFinite(smallest) ? smallest : (number(pair.high) - number(pair.low)) / (shown.percent ? 200 : 2);
  }

  /** Return what the sliders ask for; `attempts` is undefined for as many as there are. */
  asked() {
    const n = this.sizes[Number(at("questions").value)];
    const k = this.model.split === null ? undefined : Number(at("attempts").value);
    const effect = Math.abs(Number(at("true-gap").value)) / (this.shown.percent ? 100 : 1);
    return { n, k, effect, attempts: k === Math.round(this.shown.attempts) ? undefined : k };
  }

  /** Follow the sliders. */
  follow() {
    const { model, pair } = this;
    if (!model) return;
    const { percent } = this.shown;
    const { n, k, effect, attempts } = this.asked();
    const power = model.power(effect, n, attempts);
    const smallest = model.smallest(n, attempts, percent ? 1 : Infinity);
    const needed = effect > 0 ? model.needed(effect, attempts) : Infinity;
    at("questions-out").textContent = count(n);
    at("questions").setAttribute("aria-valuetext", `${count(n)} questions`);
    at("attempts-out").textContent = k === undefined ? "" : String(k);
    at("power").textContent = share(power);
    at("power").dataset.value = String(power);
    at("smallest").textContent = Number.isFinite(smallest) ? `${gap(smallest, percent)} or more` : "no gap at all";
    at("needed").textContent = units(pair, this.shown) < FEWEST ? "too few to forecast" : questions(needed);
    at("forecast-se").textContent = gap(model.se(n, attempts), percent);
    const point = (kind, items) => {
      const chance = model.power(effect, items, attempts);
      return { kind, items, power: chance, told: `${plural(items, "question")}: power ${share(chance)}` };
    };
    const rows = [...this.sizes.map((items) => point("curve", items)), point("now", pair.n), point("chosen", n)];
    const label = `Power to detect a true gap of ${gap(effect, percent)} by the number of questions: ${share(power)} with ${count(n)}.`;
    this.chart.show(rows, label);
  }
}

function questions(needed) {
  return needed < 1e7 ? `about ${roundedUp(needed)}` : "more than ten million";
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
