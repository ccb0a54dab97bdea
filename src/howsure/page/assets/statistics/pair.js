// The difference of two models with scores in [0, 1] on the items they share: statistics/difference.py, differences.py
// and pivot.py, by the default method "score" and CR2 (docs/decisions/0005-pairs.md and 0022-score.md).

const [DIFFERENCE_ROUNDING, COUNT_ROUNDING, EPSILON, CALM_CLUSTERS] = [1e-13, 1e-12, Number.EPSILON, 8];

/** Compare a − b over items that both have a score for, null where they share none. */
function pairOf(a, b, { clusters = null, level = 0.95 } = {}) {
  const has = (x) => x !== null && !Number.isNaN(x);
  const shared = a.map((_, k) => k).filter((k) => has(a[k]) && has(b[k]));
  if (shared.length === 0) return null;
  const part = (x) => (x === null ? null : shared.map((k) => x[k]));
  const [own, other, groups] = [part(a), part(b), part(clusters)];
  const d = own.map((x, k) => x - other[k]);
  const [first, second, found] = [own, other, d].map((x) => clusteredMean(x, groups));
  const most = Math.max(...[own, other].map((x) => x.reduce((high, score) => Math.max(high, Math.abs(score)), 0)));
  const told = (variance) => nullIfNaN(variance < (8 * EPSILON * most) ** 2 ? 0 : Math.sqrt(variance));
  const pivot = pairPivot(first, second, found, d, groups !== null);
  const [low, high] = limitsWithNetWins(pivot, found, d, level);
  return {
    ...{ value: settled(found.mean, most), se: told(found.variance), df: nullIfNaN(found.df) },
    ...{ low: nullIfNaN(low), high: nullIfNaN(high), pValue: nullIfNaN(pOfNone(pivot)), n: d.length, units: found.units },
    ...winsAndLosses(own, other),
    correlation: nullIfNaN(correlationOf(own, other)),
    unpairedSe: told(first.variance + second.variance),
    unclusteredSe: groups === null ? null : nullIfNaN(Math.sqrt(clusteredMean(d).variance)),
    ...{ aMean: first.mean, bMean: second.mean },
  };
}

/** Count items on which a is above, below and level; what only rounding parts is level: `above` in statistics/arrays.py. */
function winsAndLosses(a, b) {
  const above = (x, y) => x - y > COUNT_ROUNDING * Math.max(Math.abs(x), Math.abs(y));
  const wins = a.filter((x, k) => above(x, b[k])).length;
  const losses = a.filter((x, k) => above(b[k], x)).length;
  return { wins, losses, ties: a.length - wins - losses };
}

function settled(difference, size) {
  return Math.abs(difference) <= DIFFERENCE_ROUNDING * size ? 0 : difference;
}

/** Return Σ (x − x̄)^power. */
function spreadSum(x, power) {
  const mean = total(x) / x.length;
  return total(x.map((value) => (value - mean) ** power));
}

/** Return the score pivot: differences.py. What only rounding leaves of a variance is 0. */
function pairPivot(first, second, found, d, clustered) {
  const { n, units, sizes, df } = found;
  const difference = Math.abs(found.mean) <= 8 * EPSILON * Math.max(first.mean, second.mean) ? 0 : found.mean;
  const variance = found.variance < 1e-12 * (first.variance + second.variance) ? 0 : found.variance;
  const squares = variance === 0 && !clustered ? 0 : spreadSum(d, 2);
  const average = total(sizes.map((size) => size ** 2)) / n;
  const worth = units === n ? 1 : eventWorth({ variance, squares, fourths: spreadSum(d, 4), n, average, count: units });
  const plain = { difference, variance, df, itemVariance: squares / n, room: worth / n };
  return { ...plain, ...eventsOf(plain, d, found, units === n ? 1 : 0) };
}

/** Return what differences count as: of averages events of one size, Σ d² / Σ |d|, and half of how skewed cluster sums are (event_sizes.py, differences.py). */
function eventsOf({ variance, itemVariance, room }, d, { n, sums, sizes, mean }, counted) {
  const [apart, squares] = [total(d.map(Math.abs)), total(d.map((x) => x * x))];
  const event = apart > 0 ? Math.max(Math.min(squares / apart, 1), Math.abs(mean) * (1 + 1e-12)) : 1;
  if (!(apart > 0 && event < 1 - 1e-9)) return { ...SINGLE, event, counted };
  const calm = itemVariance > NEAR * event ** 2 ? (CALM_CLUSTERS * variance) / (room * itemVariance) : 0;
  const [second, third] = [2, 3].map((power) => total(sums.map((e, g) => e ** power / (1 - sizes[g] / n))));
  return { event, averaged: Math.min(calm, 1), skew: second > 0 ? third / second / n / 2 : 0, counted: 0 };
}

/** Return limits with room for the losses and wins that so few items may hide: NetWins in pivot.py (Clopper and Pearson 1934). */
function limitsWithNetWins(pivot, { n, sizes, mean }, d, level) {
  const [low, high] = limitsOf(pivot, level);
  const squares = spreadSum(d, 2);
  const alike = n ** 2 / total(sizes.map((size) => size ** 2));
  const items = squares > 1e-12 ? n / Math.max((pivot.variance * n ** 2) / squares, 1) : alike;
  const [event, tail] = [pivot.event, (1 + level) / 2];
  const wins = (settled(mean, 1) * items) / event;
  const [least, most] = [-event * netLimit(-wins, items, tail), event * netLimit(wins, items, tail)];
  return [Math.max(Math.min(low, least), -1), Math.min(Math.max(high, most), 1)];
}

/** Return the one-sided upper limit of a rate of net losses; −∞ where there are more wins: intervals.py. */
function netLimit(losses, items, level) {
  if (losses < 0) return -Infinity;
  return losses < items ? distributions.betaQuantile(level, losses + 1, items - losses) : 1;
}

/** Return the correlation of scores, NaN where one of them never varies. */
function correlationOf(a, b) {
  const [meanA, meanB] = [total(a) / a.length, total(b) / b.length];
  const scale = Math.sqrt(spreadSum(a, 2) * spreadSum(b, 2));
  if (scale <= 1e-12) return NaN;
  const r = Math.min(Math.max(total(a.map((x, k) => (x - meanA) * (b[k] - meanB))) / scale, -1), 1);
  return Math.abs(r) > 1e-12 ? r : 0;
}
