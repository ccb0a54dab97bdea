// The chance that a test shows a gap: the forecast behind "it would take about … items", as methods/power.py makes it.

const SURE = 0.8;
const MOST_ITEMS = 1e9;
const NORMAL_DF = 1e6;
const STEPS = 800;

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
  /** `pair`: n, g, se (telling, overall), df, and where it is known questions and once; `test`: {level, pseudo, normal}. */
  constructor(pair, test) {
    this.n = pair.n;
    this.test = test;
    this.once = pair.once ?? null;
    this.within = pair.n * (pair.telling ?? pair.se) ** 2;
    this.questions = this.once === null ? null : pair.n * pair.questions;
    this.answers = this.once === null ? null : pair.n * pair.once;
    const added = test.pseudo ? 2 : 0;
    const units = Math.max(pair.df + 1 - added, 1);
    this.size = test.normal || pair.g === pair.n ? 1 : Math.max(pair.n / units, 1);
  }

  /** Return what one question adds to the variance; no attempts given: as many as there are. */
  perItem(attempts) {
    return attempts === undefined || this.once === null ? this.within : this.questions + this.answers / attempts;
  }

  se(n, attempts) {
    return Math.sqrt(this.perItem(attempts) / n);
  }

  df(n, pseudo) {
    if (this.test.normal) return Infinity;
    const [clusters, total] = [n / this.size, n + pseudo];
    const q = this.size / total;
    if (clusters + pseudo <= 1 || q >= 1) return 0;
    const a = q ** 2 / (1 - q);
    const b = 1 / total / (total - 1);
    const squares = clusters * q ** 2 + pseudo / total ** 2;
    const sums = clusters * a + pseudo * b;
    return 1 / (squares + sums ** 2 - clusters * a ** 2 - pseudo * b ** 2);
  }

  /** Return the pivot that n questions are expected to give: its centre, true and shown standard errors, and df. */
  pivot(effect, n, attempts) {
    const variance = this.perItem(attempts) / n;
    const own = Math.sqrt(variance);
    if (!this.test.pseudo) return { centre: effect, own, shown: own, df: this.df(n, 0) };
    const weight = this.size === 1 ? 1 : 1 + (this.size - 1) / (n * this.perItem(attempts) + 1);
    const added = 2 * weight;
    const kept = n / (n + added);
    const centre = effect * kept;
    const shift = effect - centre;
    const around = variance * n ** 2 + shift ** 2 * n * this.size + 2 * (1 + centre ** 2) * weight ** 2;
    return {
      centre,
      own: own * kept,
      shown: Math.sqrt(around) / (n + added),
      df: this.df(n, 2) + (added - 2) / this.size,
    };
  }

  /** Return the power: the chance that a true gap of this size is detected. */
  power(effect, n, attempts) {
    const { centre, own, shown, df } = this.pivot(effect, n, attempts);
    if (!(df > 0)) return 0;
    const least = this.quantile(df) * shown;
    if (own <= 0) return Math.abs(centre) > least ? 1 : 0;
    const reach = least / own;
    return noncentralT(-reach, df, centre / own) + 1 - noncentralT(reach, df, centre / own);
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
    let [low, high] = [0, Math.min(most, 100 * this.pivot(0, n, attempts).shown + 1e-9)];
    if (this.power(high, n, attempts) < SURE) return Infinity;
    for (let k = 0; k < 50; k++) {
      const middle = (low + high) / 2;
      if (this.power(middle, n, attempts) >= SURE) high = middle;
      else low = middle;
    }
    return high;
  }
}
