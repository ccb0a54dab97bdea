// Intervals from estimates and their uncertainty: statistics/intervals.py.

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

/**
 * Return Wilson's interval on n / deff, lengthened to the exact one-sided limits where it is known to be too short (Brown, Cai and
 * DasGupta 2001), and by what whole misses (or hits) that nobody saw, of the deff `unseen`, may add.
 */
function guardedScore(p, n, df, level, deff, unseen) {
  const z2 = twoSidedT(level, df) ** 2 / n;
  const rate = 1 - ((1 - level) / 2) ** (unseen / n);
  const lower = (q) => {
    const [seen, moved] = [z2 * deff * q * (1 - q), (rate * q) ** 2];
    const more = (moved / Math.max(moved + seen, 1e-300)) * Math.max(unseen - deff, 0);
    const half = (z2 / 2) * (deff + more * q);
    return (q + half - Math.sqrt(half ** 2 + seen)) / (1 + z2 * (deff + more));
  };
  const [low, high] = [lower(p), 1 - lower(1 - p)];
  if (!(level > 0.5)) return [low, high];
  const items = n / Math.max(deff, 1e-6);
  const [exactLow, exactHigh] = clopperPearson(p * items, items, 2 * level - 1);
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
