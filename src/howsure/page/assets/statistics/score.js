// The score pivot of a mean difference: statistics/pairs/score.py and evidence.py.
// V(δ) = V + room · [p(δ) − δ² − s²]₊ (Tango 1998; clusters: Yang, Sun and Hardin 2012); docs/decisions/0022-score.md.
// A pivot is {difference, variance, df, itemVariance, room}, as Pivots of score.py.

const [TINY, SPREAD_ROUNDING] = [1e-300, 1e-20];

/** Return the mean square of differences that fits best where their mean is `value`, and its slope there (Tango 1998). */
function meanSquare({ difference, itemVariance }, value) {
  const sign = value < 0 ? -1 : 1;
  const [x, d] = [Math.min(Math.abs(value), 1), sign * difference];
  const square = Math.min(Math.max(itemVariance + difference ** 2, Math.abs(difference)), 1);
  const losses = Math.max(square - d, 0) / 2;
  const [b, bSlope] = [(2 - d) * x - square, 2 - d];
  const [c, cSlope] = [-losses * x * (1 - x), -losses * (1 - 2 * x)];
  const root = Math.sqrt(b ** 2 - 8 * c);
  const rootSlope = (b * bSlope - 4 * cSlope) / Math.max(root, TINY);
  return [(root - b) / 2 + x, sign * ((rootSlope - bSlope) / 2 + 1)];
}

/** Return the variance if the value were true, and how it grows with the value. */
function varianceAt(pivot, value) {
  const [square, slope] = meanSquare(pivot, value);
  const more = square - value ** 2 - pivot.itemVariance;
  const inside = more > 0 && Math.abs(value) < 1;
  return [Math.max(pivot.variance, 0) + (inside ? pivot.room * more : 0), inside ? pivot.room * (slope - 2 * value) : 0];
}

/**
 * Return how many items an event is worth (evidence.py): 1 with all evidence, a whole cluster with none. `squares`, `fourths`:
 * Σ (d − d̄)² and Σ (d − d̄)⁴ over items; `average`: Σ n_g² / n; `count`: of clusters.
 */
function eventSize({ variance, squares, fourths, n, average, count }) {
  const some = squares > SPREAD_ROUNDING * n;
  const deff = some ? (variance * n ** 2) / squares : 1;
  const rho = average > 1 ? Math.min(Math.max((deff - 1) / (average - 1), 0), 1) : 0;
  const events = (some ? squares ** 2 / Math.max(fourths, SPREAD_ROUNDING ** 2 * n) : 0) / Math.max(deff, 1);
  return 1 + (Math.sqrt((average * n) / count) - 1) * ((events * rho + 1) / (events + 1));
}
