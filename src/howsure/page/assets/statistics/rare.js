// Rare failures: what was proved by the runs that were made, and how many are needed. Exact: statistics/rates.py.

const MOST_RUNS = 1e8;

/** Return the exact one-sided upper limit of a failure rate (Clopper and Pearson 1934). */
function upperRate(failures, n, level = 0.95) {
  return failures < n ? distributions.betaQuantile(level, failures + 1, n - failures) : 1;
}

/** Return the binomial chance of no more failures than these in `count` runs. */
function chanceOfAtMost(failures, count, rate) {
  return failures >= count ? 1 : distributions.betaCdf(1 - rate, count - failures, failures + 1);
}

/** Return the fewest runs in which so many failures still show a rate below `below`. */
function runsNeeded(below, level = 0.95, failures = 0) {
  const enough = (count) => chanceOfAtMost(failures, count, below) <= (1 - level) * (1 + 1e-12);
  let [low, high] = [0, 1];
  while (!enough(high)) {
    [low, high] = [high, 2 * high];
    if (high > MOST_RUNS) return MOST_RUNS;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
