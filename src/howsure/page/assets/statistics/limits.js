// The test and the interval of a score pivot (score.js): statistics/score_pivot.py. Where a value can be rejected and one farther off
// not, limits are the outermost, and the test of a value is that of all values at least as far off.

const [STEPS, NEAR, FLAT, CLOSE, FAINT, WEIERSTRASS] = [60, 1e-13, 0.05, 1e-7, 1e-13, 80];

/** Say whether a value can be rejected and one farther off not: few clusters that are much alike. */
function comesBack({ room, itemVariance, variance, event }) {
  return itemVariance > NEAR * event ** 2 && room * itemVariance > Math.max(variance, 0) * (1 + 1e-9);
}

/** Return the two-sided p-value of "the difference is 0"; where a value farther off is less unlikely, that of it. */
function pOfNone(pivot) {
  const d = pivot.difference;
  if (Number.isNaN(pivot.variance) || Number.isNaN(pivot.df)) return NaN;
  if (d === 0) return 1;
  const turned = d < 0 ? pivot : reversed(pivot);
  const t = comesBack(pivot) ? leastBeyond(turned, 0) : d / Math.sqrt(varianceAt(pivot, 0)[0]);
  return Math.max(twoSidedP(t, pivot.df), leastP(pivot));
}

function reversed(pivot) {
  return { ...pivot, difference: -pivot.difference, skew: -pivot.skew };
}

/** Return the smallest p-value that "no difference" can have: McNemar's mid-p of single answers to independent items, else 0. */
function leastP({ counted, room, itemVariance, difference }) {
  if (!counted) return 0;
  const discordant = Math.round((itemVariance + difference ** 2) / room);
  const wins = Math.round((discordant + difference / room) / 2);
  const [fewer, more] = [Math.min(wins, discordant - wins), Math.max(wins, discordant - wins)];
  if (more === 0) return 1;
  const atMost = distributions.betaCdf(0.5, more, fewer + 1);
  return Math.min(atMost + (fewer > 0 ? distributions.betaCdf(0.5, more + 1, fewer) : 0), 1);
}

function sizeAt(pivot, value) {
  return value > pivot.difference ? (value - pivot.difference) / Math.sqrt(varianceAt(pivot, value)[0]) : 0;
}

/** Return how small the pivot is at the least from this value on, itself above the difference. */
function leastBeyond(pivot, value) {
  return Math.min(...[value, ...turnsOf(pivot)].map((place) => sizeAt(pivot, Math.max(place, value))));
}

/** Return all values above the difference at which the pivot can be the least: `_turns` and `_Fitted.turns` in score_pivot.py. */
function turnsOf(pivot) {
  const { difference, variance, itemVariance, room, event } = pivot;
  const base = (Math.max(variance, 0) / room - itemVariance) / event ** 2;
  const turns = (difference < 0 ? [1, -1] : [1]).flatMap((sign) => {
    const { d, square, excess } = fittedTo(pivot, sign);
    const [r2, r1, r0] = [(2 - d) ** 2 - 4 * excess, 4 * excess - 2 * (2 - d) * square, square ** 2];
    const [l1, l0] = [-1.5 * d, 2 * base + square + d ** 2 / 2];
    const [q2, q1, q0] = [r2 / 2, 0.75 * r1 + 0.5 * d * r2, r0 + 0.25 * d * r1];
    const found = quarticRoots([
      l1 ** 2 * r2 - q2 ** 2,
      l1 ** 2 * r1 + 2 * l1 * l0 * r2 - 2 * q2 * q1,
      l1 ** 2 * r0 + 2 * l1 * l0 * r1 + l0 ** 2 * r2 - q1 ** 2 - 2 * q2 * q0,
      2 * l1 * l0 * r0 + l0 ** 2 * r1 - 2 * q1 * q0,
      l0 ** 2 * r0 - q0 ** 2,
    ]);
    return found.map((x) => sign * Math.min(Math.max(x, 0), 1) * event);
  });
  return turns.filter((place) => place > difference + CLOSE * event);
}

/** Return the real parts of the roots of a polynomial of the fourth degree, by Weierstrass's (Durand and Kerner's) iteration. */
function quarticRoots([first, ...rest]) {
  const largest = Math.max(...rest.map(Math.abs));
  const lead = Math.abs(first) > FAINT * largest ? first : largest > 0 ? FAINT * largest : 1;
  const monic = rest.map((part) => part / lead);
  const times = ([a, b], [c, e]) => [a * c - b * e, a * e + b * c];
  const over = ([a, b], [c, e]) => [(a * c + b * e) / (c * c + e * e), (b * c - a * e) / (c * c + e * e)];
  const bound = 1 + Math.max(...monic.map(Math.abs));
  let roots = [0.4, 1.97, 3.54, 5.11].map((angle) => [Math.min(bound, 1) * Math.cos(angle), Math.min(bound, 1) * Math.sin(angle)]);
  for (let k = 0; k < WEIERSTRASS; k++) {
    let moved = 0;
    for (let i = 0; i < 4; i++) {
      const value = monic.reduce((sum, part) => times(sum, roots[i]).map((each, axis) => each + (axis ? 0 : part)), [1, 0]);
      const apart = roots.reduce((product, other, j) => (j === i ? product : times(product, [roots[i][0] - other[0], roots[i][1] - other[1]])), [1, 0]);
      const step = over(value, apart);
      roots = roots.map((root, j) => (j === i ? [root[0] - step[0], root[1] - step[1]] : root));
      moved = Math.max(moved, Math.hypot(...step));
    }
    if (!(moved > 1e-15 * bound)) break;
  }
  return roots.map(([real]) => real).filter(Number.isFinite);
}

/** Return two values, at the lower of which the pivot is no larger than t and at the upper of which, and beyond, it is. */
function outermost(pivot, t, high) {
  const at = [pivot.difference, ...turnsOf(pivot), high].map((place) => Math.min(place, high)).sort((a, b) => a - b);
  const last = at.findLastIndex((place) => sizeAt(pivot, place) <= t);
  return [at[last], at[last + 1] ?? high];
}

/** Return the upper limit of the interval, at most 1: Newton's method from the right, held between two ends. */
function upperLimit(pivot, level) {
  const { difference, variance, df, room, skew } = pivot;
  if (Number.isNaN(variance) || Number.isNaN(df)) return NaN;
  const [t, plain] = [twoSidedT(level, df), Math.max(variance, 0)];
  const steep = (t ** 2 * Math.max(skew, 0)) / 2;
  const reach = Math.max(t * Math.sqrt(plain + room), steep + Math.sqrt(steep ** 2 + t ** 2 * plain));
  let [low, high] = [difference, Math.min(difference + reach, Math.max(1, difference))];
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
  if (at < 0 && leastP(pivot) > (1 - level) * (1 + 1e-12)) return 0; // no interval leaves 0 out where mid-p doesn't
  return Math.min(at, 1);
}

/** Return both limits of the interval. */
function limitsOf(pivot, level) {
  return [0 - upperLimit(reversed(pivot), level), upperLimit(pivot, level)];
}
