// Intervals from estimates and their uncertainty: statistics/means/intervals.py.

/** Return the two-sided t quantile of a level; df may be infinite. */
function twoSidedT(level, df) {
  const tail = (1 + level) / 2;
  return df === Infinity ? distributions.normalQuantile(tail, 0, 1) : distributions.tQuantile(tail, df);
}

/** Return the two-sided p-value of a t statistic; df may be infinite. */
function twoSidedP(t, df) {
  const size = -Math.abs(t);
  return 2 * (df === Infinity ? distributions.normalCdf(size, 0, 1) : distributions.tCdf(size, df));
}

/** Return Wilson's (1927) score interval on n effective items, with the t quantile for z (Korn and Graubard 1998). */
function wilson(p, n, df, level) {
  const z = twoSidedT(level, df);
  const shrink = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / shrink;
  const half = (z / shrink) * Math.sqrt(Math.max((p * (1 - p)) / n + (z * z) / (4 * n * n), 0));
  return [Math.max(centre - half, 0), Math.min(centre + half, 1)];
}

/** Return Wilson's interval, lengthened to the exact one-sided limits where it is known to be too short (Brown, Cai and DasGupta 2001). */
function guardedWilson(p, n, df, level) {
  const [low, high] = wilson(p, n, df, level);
  if (!(level > 0.5)) return [low, high];
  const [exactLow, exactHigh] = clopperPearson(p * n, n, 2 * level - 1);
  return [Math.min(low, exactLow), Math.max(high, exactHigh)];
}

/** Return the exact binomial interval (Clopper and Pearson 1934); counts may be fractions. */
function clopperPearson(successes, n, level) {
  const [x, tail] = [successes, (1 - level) / 2];
  const low = x > 0 ? distributions.betaQuantile(tail, x, n - x + 1) : 0;
  return [low, x < n ? distributions.betaQuantile(1 - tail, x + 1, n - x) : 1];
}

/** Return the exact one-sided upper limit of a rate never seen in n items, about 3 / n (Hanley and Lippman-Hand 1983). */
function ruleOfThree(n, level = 0.95) {
  return -Math.expm1(Math.log1p(-level) / n);
}

function nullIfNaN(value) {
  return Number.isNaN(value) ? null : value;
}
