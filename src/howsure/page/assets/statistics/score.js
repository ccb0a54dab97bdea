// The pivot of a mean difference: statistics/score_pivot.py and event_sizes.py.
// V(δ) = V + max(0, room · [σ² p(δ / σ) − δ² − s² − averaged (d − δ)²], skew (δ − d)) (Tango 1998; clusters: Yang, Sun and Hardin 2012);
// docs/decisions/0022-score.md. A pivot is {difference, variance, df, itemVariance, room, event, averaged, skew, counted}, as Pivots of score_pivot.py.

const [TINY, SPREAD_ROUNDING] = [1e-300, 1e-20];
const SINGLE = { event: 1, averaged: 0, skew: 0, counted: 0 };

/** Return what differences count as in events of ±1 on the side of `sign`: their mean, mean square, and half of what this exceeds it by, twice. */
function fittedTo({ difference, itemVariance, event }, sign) {
  const d = (sign * difference) / event;
  const square = Math.min(Math.max(itemVariance / event ** 2 + d ** 2, Math.abs(d)), 1);
  return { d, square, excess: Math.max(square - d, 0) };
}

/** Return the mean square of differences that fits best where their mean is x, and its slope there (Tango 1998). */
function meanSquare({ d, square, excess }, x) {
  const b = (2 - d) * x - square;
  const root = Math.sqrt(b ** 2 + 4 * excess * x * (1 - x));
  const rootSlope = (b * (2 - d) + 2 * excess * (1 - 2 * x)) / Math.max(root, TINY);
  return [(root - b) / 2 + x, (rootSlope + d) / 2];
}

/** Return the variance if the value were true, and how it grows with the value. */
function varianceAt(pivot, value) {
  const { difference, variance, itemVariance, room, event, averaged, skew } = pivot;
  const [sign, away] = [value < 0 ? -1 : 1, difference - value];
  const [square, slope] = meanSquare(fittedTo(pivot, sign), Math.min(Math.abs(value) / event, 1));
  const more = room * (event ** 2 * square - value ** 2 - itemVariance - averaged * away ** 2);
  const inside = more > 0 && Math.abs(value) < event;
  const [plain, beyond] = [Math.max(variance, 0), -skew * away];
  if (beyond > (inside ? more : 0)) return [plain + beyond, skew];
  return inside ? [plain + more, room * (event * sign * slope - 2 * value + 2 * averaged * away)] : [plain, 0];
}

/**
 * Return how many items an event is worth (event_sizes.py): 1 with all evidence, a whole cluster with none. `squares`, `fourths`:
 * Σ (d − d̄)² and Σ (d − d̄)⁴ over items; `average`: Σ n_g² / n; `count`: of clusters.
 */
function eventWorth({ variance, squares, fourths, n, average, count }) {
  const some = squares > SPREAD_ROUNDING * n;
  const deff = some ? (variance * n ** 2) / squares : 1;
  const rho = average > 1 ? Math.min(Math.max((deff - 1) / (average - 1), 0), 1) : 0;
  const events = (some ? squares ** 2 / Math.max(fourths, SPREAD_ROUNDING ** 2 * n) : 0) / Math.max(deff, 1);
  return 1 + (Math.sqrt((average * n) / count) - 1) * ((events * rho + 1) / (events + 1));
}
