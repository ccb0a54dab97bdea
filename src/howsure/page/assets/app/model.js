// One model: its score, where its error bar comes from, and how it does on each cluster.

const ATTEMPTS = [1, 2, 3, 4, 5, 7, 10, 15, 20];
const TIMES = [1, 2, 4];
const MOST_DOTS = 40;

/** Say a score and its error bar, as a leaderboard of one model does. */
function alone(model, { where, level: sure, percent }) {
  const said = `${model.model} scores ${score(model.value, percent)}${where}`;
  if (model.low === null) return `${said}, with no error bar.`;
  return `${said} (${level(sure)} CI ${scoreNumber(model.low, percent)} to ${scoreNumber(model.high, percent)}).`;
}

class ModelPanel {
  constructor({ drawings }) {
    Object.assign(this, { drawings, charts: {} });
    at("model-name").addEventListener("change", () => this.chosen(Number(at("model-name").value)));
  }

  board(board, details, links) {
    Object.assign(this, { shown: board, details, links });
    Object.values(this.charts).forEach((chart) => chart.clear());
    this.charts = Object.fromEntries(
      ["noise", "clusters"].map((name) => [name, new Chart(at(`model-${name}`), this.drawings[kind(board)][name])]),
    );
    const names = shortNames(board.models.map((model) => model.model));
    const options = board.models.map((model, k) =>
      make("option", { value: k, text: `${model.rank}. ${shorten(names[k], 48)}` }),
    );
    at("model-name").replaceChildren(...options);
  }

  show(m) {
    at("model-name").value = m;
    const { models, percent, level: sure } = this.shown;
    const model = models[m];
    at("model-verdict").textContent = visible(alone(model, this.shown));
    const rows = [
      [
        `${level(sure)} interval`,
        model.low === null
          ? "n/a"
          : `[${scoreNumber(model.low, percent)}, ${scoreNumber(model.high, percent)}]${percent ? "%" : ""}`,
      ],
      ["SE", model.se === null ? "n/a" : gap(model.se, percent)],
      [
        "rank",
        model.rank_low === model.rank_high
          ? `${model.rank}`
          : `${model.rank}, could be ${model.rank_low}–${model.rank_high}`,
      ],
      [
        "questions",
        `${plural(model.n_items, "question")}${model.n_clusters === model.n_items ? "" : ` in ${plural(model.n_clusters, "cluster")}`}`,
      ],
      ["attempts", count(model.n_attempts) + (model.n_failed ? `, ${count(model.n_failed)} failed` : "")],
      ["method", model.method],
    ];
    at("model-numbers").replaceChildren(
      ...rows.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]),
    );
    at("model-warnings").replaceChildren(...[...model.bounds, ...model.warnings].map((text) => make("li", { text })));
    at("model-warnings").hidden = model.bounds.length + model.warnings.length === 0;
    at("model-links").replaceChildren(...this.links.models(m));
    this.noise(m);
    this.clusters(m);
  }

  noise(m) {
    const source = this.details.noise?.[m] ?? null;
    at("model-noise-part").hidden = source === null;
    if (source === null) return;
    const { percent } = this.shown;
    const scale = percent ? 100 : 1;
    const se = (attempts, times) => Math.sqrt((source.questions + source.once / attempts) / times);
    const rows = TIMES.flatMap((times, order) =>
      ATTEMPTS.map((attempts) => ({
        attempts,
        order,
        questions: count(times * source.items),
        se: scale * se(attempts, times),
        told: `${plural(attempts, "attempt")} at ${plural(times * source.items, "question")}: SE ${gap(se(attempts, times), percent)}`,
      })),
    );
    const told =
      `Of the variance behind this error bar, ${share(1 - source.answer_share)} comes from the choice of questions and ` +
      `${share(source.answer_share)} from randomness in the answers (conditional variance).`;
    at("model-noise-told").textContent = told;
    this.charts.noise.show(rows, `${told} Standard error by attempts per question; currently ${gap(source.se, percent)}.`);
  }

  clusters(m) {
    const { items } = this.details;
    const clustered = items !== null && items.clusters !== null;
    at("model-clusters-part").hidden = !clustered;
    if (!clustered) return;
    const groups = new Map();
    items.of(m).forEach((value, k) => {
      if (value === null) return;
      const found = groups.get(items.clusters[k]) ?? { sum: 0, weight: 0, n: 0 };
      const weight = items.weights[k];
      groups.set(items.clusters[k], { sum: found.sum + weight * value, weight: found.weight + weight, n: found.n + 1 });
    });
    const { percent, models } = this.shown;
    const scale = percent ? 100 : 1;
    const sorted = [...groups].map(([cluster, { sum, weight, n }]) => ({ cluster, mean: sum / weight, n }));
    sorted.sort((x, y) => y.mean - x.mean);
    const drawn =
      sorted.length <= MOST_DOTS ? sorted : [...sorted.slice(0, MOST_DOTS / 2), ...sorted.slice(-MOST_DOTS / 2)];
    const labels = distinct(drawn.map(({ cluster }) => items.labels[cluster]));
    const rows = drawn.map(({ cluster, mean, n }, k) => ({
      label: labels[k],
      value: scale * mean,
      items: n,
      mean: scale * models[m].value,
      told: `${visible(items.labels[cluster])}: ${score(mean, percent)} on ${plural(n, "question")}`,
    }));
    const [best, worst] = [drawn[0], drawn.at(-1)];
    const told =
      `${plural(sorted.length, "cluster")}, from ${score(worst.mean, percent)} (${visible(items.labels[worst.cluster])}) to ` +
      `${score(best.mean, percent)} (${visible(items.labels[best.cluster])}).` +
      (drawn.length < sorted.length ? ` The ${MOST_DOTS / 2} best and worst are shown.` : "");
    at("model-clusters-told").textContent = told;
    this.charts.clusters.show(rows, told);
  }
}
