// The score pivot of a mean difference, its test and its interval: statistics/pairs/score.py, evidence.py and pivot.py.
// V(δ) = V + room · [p(δ) − δ² − s²]₊ (Tango 1998; clusters: Yang, Sun and Hardin 2012); docs/decisions/0022-score.md.
// A pivot is {difference, variance, df, itemVariance, room}, as Pivots of score.py.

const [STEPS, NEAR, FLAT, TINY] = [60, 1e-13, 0.05, 1e-300];
const NEARER = Array.from({ length: 9 }, (_, k) => k / 8);
const FARTHER = Array.from({ length: 24 }, (_, k) => ((k + 1) / 24) ** 2);
const [GOLDEN, NARROWED] = [(Math.sqrt(5) - 1) / 2, 18];
const SPREAD_ROUNDING = 1e-20;

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

/** Say whether a value can be rejected and one farther off not: few clusters that are much alike. */
function comesBack({ room, itemVariance, variance }) {
  return room * itemVariance > Math.max(variance, 0) * (1 + 1e-9);
}

/** Return the two-sided p-value of "the difference is 0"; where a value farther off is less unlikely, that of it. */
function pOfNone(pivot) {
  const d = pivot.difference;
  if (Number.isNaN(pivot.variance) || Number.isNaN(pivot.df)) return NaN;
  if (d === 0) return 1;
  const turned = { ...pivot, difference: -Math.abs(d) };
  return twoSidedP(comesBack(pivot) ? leastBeyond(turned, 0)[1] : d / Math.sqrt(varianceAt(pivot, 0)[0]), pivot.df);
}

function sizeAt(pivot, value) {
  return value > pivot.difference ? (value - pivot.difference) / Math.sqrt(varianceAt(pivot, value)[0]) : 0;
}

/** Return where a pivot that may come back is looked at, from this value on: up to 0, if it is below it, and up to 1. */
function placesFrom(value) {
  const start = Math.min(Math.max(value, 0), 1);
  const before = Math.min(start - value, Math.max(-value, 0));
  return [...NEARER.map((part) => value + before * part), ...FARTHER.map((part) => start + (1 - start) * part)];
}

/** Return where from this value on, itself above the difference, the pivot is the least in size, and how much. */
function leastBeyond(pivot, value) {
  const at = placesFrom(value);
  const sizes = at.map((place) => sizeAt(pivot, place));
  const best = sizes.indexOf(Math.min(...sizes));
  let [low, high] = [at[Math.max(best - 1, 0)], at[Math.min(best + 1, at.length - 1)]];
  for (let k = 0; k < NARROWED; k++) {
    const [inner, outer] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    if (sizeAt(pivot, inner) <= sizeAt(pivot, outer)) high = outer;
    else low = inner;
  }
  const middle = (low + high) / 2;
  const size = sizeAt(pivot, middle);
  return sizes[best] <= size ? [at[best], sizes[best]] : [middle, size];
}

/** Return two values, at the lower of which the pivot is no larger than t and at the upper of which, and beyond, it is. */
function outermost(pivot, t, high) {
  const at = placesFrom(pivot.difference).map((place) => Math.min(place, high));
  const last = at.findLastIndex((place) => sizeAt(pivot, place) <= t);
  const above = at[last + 1] ?? high;
  const [beyond, size] = leastBeyond(pivot, Math.min(above, 1));
  return size <= t && beyond > above && beyond < high ? [beyond, high] : [at[last], above];
}

/** Return the upper limit of the interval, at most 1: Newton's method from the right, held between two ends. */
function upperLimit(pivot, level) {
  const { difference, variance, df, room } = pivot;
  if (Number.isNaN(variance) || Number.isNaN(df)) return NaN;
  const t = twoSidedT(level, df);
  let [low, high] = [difference, Math.min(difference + t * Math.sqrt(Math.max(variance, 0) + room), Math.max(1, difference))];
  if (comesBack(pivot)) [low, high] = outermost(pivot, t, high);
  let at = high;
  for (let k = 0; k < STEPS; k++) {
    const [varied, slope] = varianceAt(pivot, at);
    const spread = Math.sqrt(Math.max(varied, TINY));
    const ahead = at - difference - t * spread;
    if (ahead > 0) high = at;
    else low = at;
    let following = at - ahead / Math.max(1 - (t * slope) / (2 * spread), FLAT);
    if (Math.abs(following - at) <= NEAR && varied > 0) break;
    if (!(following > low && following < high)) following = (low + high) / 2;
    const moved = Math.abs(following - at);
    at = following;
    if (!(moved > NEAR)) break;
  }
  return Math.min(at, 1);
}

/** Return both limits of the interval. */
function limitsOf(pivot, level) {
  return [-upperLimit({ ...pivot, difference: -pivot.difference }, level), upperLimit(pivot, level)];
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
