// The chance that a test shows a gap: the forecast behind "it would take about … items", as statistics/planning/power.py makes it.

const SURE = 0.8;
const MOST_ITEMS = 1e9;
const NORMAL_DF = 1e6;
const STEPS = 800;
const SETTLING = 100;

/**
 * Return P(T ≤ t) of the noncentral t distribution: a normal one mixed over its standard deviation s.
 * With few degrees of freedom the density of s is steep near 0; in v, s = v^k, it is smooth.
 */
function noncentralT(t, df, delta) {
  if (df >= NORMAL_DF) return libraries.normalCdf(t - delta, 0, 1);
  const half = df / 2;
  const constant = Math.log(2) + half * Math.log(half) - libraries.gammaln(half);
  const reach = 9 / Math.sqrt(2 * df);
  const k = Math.max(1, Math.ceil(4 / df));
  const [from, to] = [Math.max(0, 1 - reach) ** (1 / k), (1 + reach) ** (1 / k)];
  return simpson(from, to, (v) => {
    if (v <= 0) return 0;
    const s = v ** k;
    const density = k * Math.exp(constant + (k * df - 1) * Math.log(v) - half * s * s);
    return density * libraries.normalCdf(t * s - delta, 0, 1);
  });
}

function simpson(from, to, f) {
  const width = (to - from) / STEPS;
  let sum = f(from) + f(to);
  for (let k = 1; k < STEPS; k++) sum += (k % 2 ? 4 : 2) * f(from + k * width);
  return (sum * width) / 3;
}

/** How a pair's difference would be tested with other numbers of questions and attempts; clusters grow in number. */
class Forecast {
  /** `pair`: n, g, se (telling, overall), df, and where it is known questions and once; `test`: {level, score, normal}. */
  constructor(pair, test) {
    this.n = pair.n;
    this.test = test;
    this.once = pair.once ?? null;
    this.within = pair.n * (pair.telling ?? pair.se) ** 2;
    this.questions = this.once === null ? null : pair.n * pair.questions;
    this.answers = this.once === null ? null : pair.n * pair.once;
    const units = Math.max(pair.df + 1, 1);
    this.size = test.normal || pair.g === pair.n ? 1 : Math.max(pair.n / units, 1);
  }

  /** Return what one question adds to the variance; no attempts given: as many as there are. */
  perItem(attempts) {
    return attempts === undefined || this.once === null ? this.within : this.questions + this.answers / attempts;
  }

  se(n, attempts) {
    return Math.sqrt(this.perItem(attempts) / n);
  }

  df(n) {
    if (this.test.normal) return Infinity;
    const [clusters, q] = [n / this.size, this.size / n];
    if (clusters <= 1 || q >= 1) return 0;
    const a = q ** 2 / (1 - q);
    return 1 / (clusters * q ** 2 + (clusters * a) ** 2 - clusters * a ** 2);
  }

  /** Return how far from 0 a difference of n questions must lie to be detected; infinite where none can be. */
  least(own, df, n, attempts) {
    const t = this.quantile(df);
    if (!this.test.score) return t * own;
    const item = Math.min(this.perItem(attempts), 1);
    const room = (this.size === 1 ? 1 : 1 + (this.size - 1) / (n * this.perItem(attempts) + 1)) / n;
    let found = 1; // from above, as 0 can be far enough from itself
    for (let k = 0; k < SETTLING; k++) {
      const next = t * Math.sqrt(own ** 2 + room * Math.min(Math.max(found ** 2, found - item), 1 - item));
      if (next >= 1) return Infinity;
      if (found - next <= 1e-10 * next) return next;
      found = next;
    }
    return found;
  }

  /** Return the power: the chance that a true gap of this size is detected. */
  power(effect, n, attempts) {
    const [own, df] = [this.se(n, attempts), this.df(n)];
    if (!(df > 0)) return 0;
    const least = this.least(own, df, n, attempts);
    if (own <= 0) return Math.abs(effect) > least ? 1 : 0;
    const reach = least / own;
    return noncentralT(-reach, df, effect / own) + 1 - noncentralT(reach, df, effect / own);
  }

  quantile(df) {
    return libraries.tQuantile((1 + this.test.level) / 2, Math.min(df, 1e9));
  }

  /** Return the fewest questions, in whole clusters, that show a gap four times in five; infinite where a billion don't. */
  needed(effect, attempts) {
    const enough = (k) => this.power(effect, k * this.size, attempts) >= SURE;
    let [low, high] = [1, 2];
    while (!enough(high)) {
      if (high * this.size > MOST_ITEMS) return Infinity;
      [low, high] = [high, 2 * high];
    }
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (enough(middle)) high = middle;
      else low = middle;
    }
    return Math.ceil(high * this.size - 1e-9);
  }

  /** Return the minimum detectable effect, the smallest true gap that is detected four times in five, infinite where none up to `most` is. */
  smallest(n, attempts, most) {
    let [low, high] = [0, Math.min(most, this.test.score ? 1 : 100 * this.se(n, attempts) + 1e-9)];
    if (this.power(high, n, attempts) < SURE) return Infinity;
    for (let k = 0; k < 50; k++) {
      const middle = (low + high) / 2;
      if (this.power(middle, n, attempts) >= SURE) high = middle;
      else low = middle;
    }
    return high;
  }
}
