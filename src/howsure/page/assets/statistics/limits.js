// The test and the interval of a score pivot (score.js): statistics/pairs/score.py. Where a value can be rejected and one farther off
// not, limits are the outermost, and the test of a value is that of all values at least as far off.

const [STEPS, NEAR, FLAT] = [60, 1e-13, 0.05];
const NEARER = Array.from({ length: 13 }, (_, k) => k / 12);
const FARTHER = Array.from({ length: 24 }, (_, k) => ((k + 1) / 24) ** 2);
const [GOLDEN, NARROWED] = [(Math.sqrt(5) - 1) / 2, 18];

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
  const best = lastLeast(sizes);
  const [found, least] = leastBeside(pivot, at, best);
  const dips = sizes.map((size, k) => (k !== best && !(size > sizes[k - 1]) && !(size >= sizes[k + 1]) ? size : Infinity));
  if (!dips.some(Number.isFinite)) return [found, least];
  const [other, size] = leastBeside(pivot, at, lastLeast(dips)); // a dip between two places may be as low
  return size < least ? [other, size] : [found, least];
}

/** Return where sizes are the least, the last of equal places: what comes next lies farther out. */
function lastLeast(sizes) {
  return sizes.lastIndexOf(Math.min(...sizes));
}

/** Return where the pivot is the least beside the best of these places, and how much. */
function leastBeside(pivot, at, best) {
  let [low, high] = [at[Math.max(best - 1, 0)], at[Math.min(best + 1, at.length - 1)]];
  for (let k = 0; k < NARROWED; k++) {
    const [inner, outer] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    if (sizeAt(pivot, inner) <= sizeAt(pivot, outer)) high = outer;
    else low = inner;
  }
  const [here, middle] = [sizeAt(pivot, at[best]), (low + high) / 2];
  const size = sizeAt(pivot, middle);
  return here <= size ? [at[best], here] : [middle, size];
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
