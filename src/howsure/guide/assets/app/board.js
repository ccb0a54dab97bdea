// Results that a chapter works on: built in, the reader's own, or a dropped CSV.

/** Results of one task: models, their scores by item, and what the items came in. */
class Board {
  /**
   * `told`, by `board_of` of lesson.py or `csvBoard`: name, kind ("example", "own" or "dropped"), task, path and grouping (words of a
   * command), models (best first), titles (readable names of these, or none), left (how many models are not here), a and b (names of the
   * pair, or none: the first two), scores {levels, symbols, cells} as packing.py packs them, clusters {name, codes, labels} or null, same
   * (whether these are so few that an error bar is about more questions from them), said (what is to be known about all this).
   * A number a model: attempts (at each item, as many as make the noise of the mean: the harmonic mean over items), within (σ², the variance
   * of the answers to an item, null without several), answers (of how many right-or-wrong answers a score is the mean, one number or one an
   * item; null where it is something else).
   */
  constructor(told) {
    Object.assign(this, told);
    this.names = shortened(told.titles ?? undated(shortNames(told.models)), 30);
    this.scores = told.scores.cells.map((cells) => unpackedScores(cells, told.scores));
    this.items = this.scores[0].length;
    this.means = new Map();
    this.attempts = told.attempts.map((attempts, m) => this.alikeAttempts(m) ?? attempts);
    this.groups = this.clusters === null ? null : membersOf(this.clusters.codes);
    this.a = Math.max(0, told.models.indexOf(told.a));
    this.b = told.models.indexOf(told.b);
    if (this.b < 0) this.b = this.models.length > 1 ? (this.a === 0 ? 1 : 0) : -1;
  }

  /** Of right-or-wrong answers in unequal numbers, how many at each item would make the noise of the mean; null of others. */
  alikeAttempts(m) {
    const counts = this.answers[m];
    if (!Array.isArray(counts) || !(this.within[m] > 0)) return null;
    const asked = [...counts.keys()].filter((k) => counts[k] > 0);
    const noise = asked.map((k) => (counts[k] > 1 ? (this.scores[m][k] * (1 - this.scores[m][k])) / (counts[k] - 1) : this.within[m]));
    return this.within[m] / (total(noise) / asked.length);
  }

  /** The score of a model: the mean over the items that it has, of all or of those drawn. */
  score(m, drawn = this.scores[m].keys()) {
    let [sum, n] = [0, 0];
    for (const item of drawn) {
      const value = this.scores[m][item];
      if (Number.isNaN(value)) continue;
      sum += value;
      n += 1;
    }
    return sum / n;
  }

  /** The scores of a model, their clusters and of how many answers they are the means, without the items that it lacks; `kept`: which items these are. */
  answered(m) {
    const kept = [...this.scores[m].keys()].filter((k) => !Number.isNaN(this.scores[m][k]));
    return { values: kept.map((k) => this.scores[m][k]), codes: this.codesOf(kept), attempts: this.attemptsOf(m, kept), kept };
  }

  /** The mean of a model with its interval, as if each item stood alone, or with the clusters; worked out once. */
  mean(m, { clustered = false } = {}) {
    const key = `${m} ${clustered}`;
    if (!this.means.has(key)) {
      const { values, codes, attempts } = this.answered(m);
      this.means.set(key, meanOf(values, { clusters: clustered ? codes : null, attempts }));
    }
    return this.means.get(key);
  }

  /** The mean of a model as the commands have it: with its clusters (`whole`), or on more items of the same ones where they are too few. */
  meanIn(m, whole) {
    const alone = this.mean(m, { clustered: whole });
    if (whole || !this.same) return alone;
    const { values, codes } = this.answered(m);
    const { variance } = clusteredMean(withinStrata(values, joinedStrata(codes)));
    return { ...alone, se: Math.sqrt(variance) };
  }

  /** The scores of two models on the items that both have (`kept`), and the clusters of these: as `codes` where they count (`whole`), as `same` where they are too few to be a sample. */
  shared(a, b, whole = countsClusters(this)) {
    const [one, other] = [this.scores[a], this.scores[b]];
    const kept = [...one.keys()].filter((k) => !Number.isNaN(one[k]) && !Number.isNaN(other[k]));
    const groups = this.codesOf(kept);
    return { kept, a: kept.map((k) => one[k]), b: kept.map((k) => other[k]), codes: whole ? groups : null, same: this.same && !whole ? groups : null };
  }

  attemptsOf(m, kept) {
    const counts = this.answers[m];
    return Array.isArray(counts) ? kept.map((k) => counts[k]) : counts;
  }

  /** The clusters of these items, numbered from 0; null where each item stands alone. */
  codesOf(kept) {
    if (this.clusters === null) return null;
    const seen = new Map();
    return kept.map((k) => {
      const code = this.clusters.codes[k];
      if (!seen.has(code)) seen.set(code, seen.size);
      return seen.get(code);
    });
  }
}

const NO_PAIR = "Choose two models that answered two questions or more in common.";

/** Say whether two models are chosen, with two questions or more in common. */
function hasPair(board, { a, b }) {
  return a !== b && board.shared(a, b).a.length > 1;
}

/** Compare two models as the commands do (`shared` of Board): with their clusters, or on more items of the same ones where they are too few. */
function pairIn({ a, b, codes, same }, how = {}) {
  return same === null ? pairOf(a, b, { clusters: codes, ...how }) : pairWithin(a, b, same, how);
}

/** Compare a − b on more items of the same clusters, which are strata: inference/sampled_questions.py. */
function pairWithin(a, b, groups, { level = 0.95 } = {}) {
  const [own, strata, n] = [pairOf(a, b, { level }), joinedStrata(groups), a.length];
  const [d, moved, [first, second]] = [a.map((x, k) => x - b[k]), withinStrata(a.map((x, k) => x - b[k]), strata), [a, b].map((x) => clusteredMean(withinStrata(x, strata)))];
  const left = n - new Set(strata).size;
  const found = { ...clusteredMean(moved), mean: total(d) / n };
  found.df = left > 0 ? Math.min(found.df, left) : NaN;
  const plain = pairPivot(first, second, found, moved, false);
  const pivot = { ...plain, ...eventsOf(plain, d, found, 0), difference: own.value };
  const [low, high] = limitsWithNetWins(pivot, found, moved, level);
  return { ...own, se: nullIfNaN(Math.sqrt(pivot.variance)), df: nullIfNaN(found.df), low: nullIfNaN(low), high: nullIfNaN(high), pValue: nullIfNaN(pOfNone(pivot)) };
}

/** Return clusters as strata: those of one item together, and a single one of these with the smallest of the others (statistics/clustered_variance.py). */
function joinedStrata(groups) {
  const sizes = clusterSums(groups.map(() => 1), groups);
  const alone = [...sizes.keys()].filter((g) => sizes[g] === 1);
  const least = sizes.reduce((small, size) => (size > 1 ? Math.min(small, size) : small), Infinity);
  const home = alone.length === 1 && sizes.length > 1 ? sizes.indexOf(least) : alone[0];
  return groups.map((g) => (sizes[g] === 1 ? home : g));
}

/** Return scores with the variation of items within strata, and the same mean. */
function withinStrata(x, strata) {
  const [n, mean] = [x.length, total(x) / x.length];
  const [sizes, sums] = [x.map(() => 1), x].map((values) => clusterSums(values, strata));
  const rest = x.map((value, k) => {
    const size = sizes[strata[k]];
    return size > 1 ? (value - sums[strata[k]] / size) * Math.sqrt((1 - 1 / n) / (1 - 1 / size)) : 0;
  });
  const off = total(rest) / n;
  return rest.map((value) => mean + value - off);
}

/** Return the items of each cluster. */
function membersOf(codes) {
  const found = new Map();
  codes.forEach((code, item) => {
    if (!found.has(code)) found.set(code, []);
    found.get(code).push(item);
  });
  return [...found.values()];
}

/** Return scores as numbers, NaN where there is none: a text has one character a score. */
function unpackedScores(cells, { levels, symbols }) {
  if (levels === null) return Float64Array.from(cells, (value) => value ?? NaN);
  return Float64Array.from(cells, (symbol) => levels[symbols.indexOf(symbol)] ?? NaN);
}
