// The chance that a test shows a gap, the items that it needs, the smallest gap that it shows: statistics/power.py.
// `spread`: what one item adds to the variance of a mean or of a mean difference, {within, between, answer, size} as Spread there,
// `size` items to a cluster, of which the number grows. `test`: {level, method}, "score", "t" or "z", two-sided.

const [MOST_ITEMS, NORMAL_DF, PIECES, SETTLING] = [1e9, 1e6, 800, 100];

/**
 * Return P(T ≤ t) of the noncentral t distribution: a normal one mixed over its standard deviation s.
 * With few degrees of freedom the density of s is steep near 0; in v, s = v^k, it is smooth.
 */
function noncentralT(t, df, delta, pieces = PIECES) {
  if (df >= NORMAL_DF) return distributions.normalCdf(t - delta, 0, 1);
  const half = df / 2;
  const constant = Math.log(2) + half * Math.log(half) - distributions.gammaln(half);
  const reach = 9 / Math.sqrt(2 * df);
  const k = Math.max(1, Math.ceil(4 / df));
  const [from, to] = [Math.max(0, 1 - reach) ** (1 / k), (1 + reach) ** (1 / k)];
  return simpson(from, to, (v) => {
    if (v <= 0) return 0;
    const s = v ** k;
    const density = k * Math.exp(constant + (k * df - 1) * Math.log(v) - half * s * s);
    return density * distributions.normalCdf(t * s - delta, 0, 1);
  }, pieces);
}

function simpson(from, to, f, pieces) {
  const width = (to - from) / pieces;
  let sum = f(from) + f(to);
  for (let k = 1; k < pieces; k++) sum += (k % 2 ? 4 : 2) * f(from + k * width);
  return (sum * width) / 3;
}

/** Return the parts with 0 for those left out, and NaN for those that data didn't tell (null), unless nothing asks for them. */
function spreadParts({ within, between = 0, answer = 0, size = 1 }, attempts) {
  const share = answer === null && attempts === 1 ? 0 : (answer ?? NaN) / attempts; // then `within` holds both
  return { within: within ?? NaN, between: between ?? NaN, share, size };
}

/** Return the standard error of a mean over n items with so many attempts at each. */
function expectedSe(spread, n, attempts = 1) {
  const { within, between, share, size } = spreadParts(spread, attempts);
  return Math.sqrt(Math.max(size * between + within + share, 0) / n);
}

/** Return the degrees of freedom of a mean over n items in equal clusters, 0 where there are none. */
function expectedDf({ size = 1 }, n) {
  const [clusters, q] = [n / size, size / n];
  if (clusters <= 1 || q >= 1) return 0;
  const a = q ** 2 / (1 - q);
  return 1 / (clusters * q ** 2 + (clusters * a) ** 2 - clusters * a ** 2);
}

/** Return the pivot of score.js as it is to be expected, without a difference; no room for a plain t. */
function expectedPivot(spread, { method = "score" }, n, attempts) {
  const { within, between, share, size } = spreadParts(spread, attempts);
  const variance = expectedSe(spread, n, attempts) ** 2;
  const df = method === "z" ? Infinity : expectedDf(spread, n);
  if (method !== "score") return { variance, df, itemVariance: 0, room: 0, ...SINGLE };
  const item = Math.max(between, 0) + within + share;
  const squares = n * item;
  const fourths = squares ** 2 / Math.max(squares, 1e-12);
  const worth = size === 1 ? 1 : eventWorth({ variance, squares, fourths, n, average: size, count: n / size });
  const event = attempts > 1 && item > 0 ? Math.min(Math.sqrt((Math.PI / 2) * item), 1) : 1;
  const events = { ...SINGLE, event, averaged: event < 1 ? 1 : 0 };
  return { variance, df, itemVariance: Math.max(Math.min(item, 1), 0), room: worth / n, ...events };
}

/** Return how far from 0 a difference must lie to be detected; infinite where none can be. */
function leastDetected(pivot, level) {
  const t = twoSidedT(level, pivot.df);
  if (!pivot.room) return t * Math.sqrt(pivot.variance);
  let found = 1; // from above, as 0 can be far enough from itself
  for (let k = 0; k < SETTLING; k++) {
    const next = t * Math.sqrt(varianceAt({ ...pivot, difference: found }, 0)[0]);
    if (next >= 1) return Infinity;
    if (found - next <= 1e-10 * next) return next;
    found = next;
  }
  return found;
}

/** Return the power: the chance that a true gap of this size is detected with n items. */
function powerOf(spread, test, effect, n, attempts = 1) {
  const pivot = expectedPivot(spread, test, n, attempts);
  if (!(pivot.df > 0)) return 0;
  const [own, least] = [Math.sqrt(pivot.variance), leastDetected(pivot, test.level ?? 0.95)];
  if (own <= 0) return Math.abs(effect) > least ? 1 : 0;
  const reach = least / own;
  return noncentralT(-reach, pivot.df, effect / own) + 1 - noncentralT(reach, pivot.df, effect / own);
}

/** Return the fewest items, in whole clusters, that show a gap with this power; infinite where a billion don't. */
function itemsNeeded(spread, test, effect, attempts = 1, target = 0.8) {
  return fewestItems(spread.size ?? 1, (n) => powerOf(spread, test, effect, n, attempts) >= target);
}

/** Return the fewest items, in whole clusters of `size`, that are enough; infinite where a billion aren't. */
function fewestItems(size, suffices) {
  const most = Math.floor(MOST_ITEMS / size);
  const enough = (k) => suffices(k * size);
  if (!enough(most)) return Infinity;
  let [low, high] = [1, 2];
  while (!enough(high)) [low, high] = [high, Math.min(2 * high, most)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return Math.ceil(high * size - 1e-9);
}

/** Return the minimum detectable effect, the smallest true gap that is detected with this power, infinite where none up to `most` is. */
function smallestEffect(spread, test, n, attempts = 1, { target = 0.8, most = Infinity } = {}) {
  const { variance, room } = expectedPivot(spread, test, n, attempts);
  let [low, high] = [0, Math.min(most, room ? 1 : 100 * Math.sqrt(variance) + 1e-9)];
  if (powerOf(spread, test, high, n, attempts) < target) return Infinity;
  for (let k = 0; k < 50; k++) {
    const middle = (low + high) / 2;
    if (powerOf(spread, test, middle, n, attempts) >= target) high = middle;
    else low = middle;
  }
  return high;
}
