// The posterior of a rate whose right-or-wrong answers come in groups: statistics/mean_intervals.py.
// Groups differ by a Beta around p; Jeffreys' prior for p, a uniform one for the correlation ρ, integrated on a grid.

const N_ANGLES = 200;
const N_RHO = 32;
const ANGLE_STEP = Math.PI / 2 / N_ANGLES;
const MOST_LEVELS = 256;

/** Return both equal-tailed limits of p. `means`, `shares`: of each group; `trials`: the average number of answers in a group. */
function posteriorLimits({ means, shares, trials }, level) {
  const weight = 1 / total(shares.map((share) => share ** 2));
  const logs = new Float64Array(N_ANGLES * N_RHO);
  for (const [seen, share] of meanLevels(means, shares)) addLogLikelihood(logs, seen, trials, share * weight);
  const below = cumulated(logs);
  return [quantileOf(below, (1 - level) / 2), quantileOf(below, (1 + level) / 2)];
}

/** Return the distinct means of groups with the shares that have them; more than 256 are rounded on the arcsine scale. */
function meanLevels(means, shares) {
  const step = Math.PI / 2 / (MOST_LEVELS - 1);
  const rounded = means.map((mean) => nearestEven(mean * 1e9) / 1e9);
  const many = new Set(rounded).size > MOST_LEVELS;
  const summed = new Map();
  means.forEach((mean, g) => {
    const key = many ? Math.sin(nearestEven(Math.asin(Math.sqrt(mean)) / step) * step) ** 2 : rounded[g];
    summed.set(key, (summed.get(key) ?? 0) + shares[g]);
  });
  return summed;
}

function nearestEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/** Add the log likelihood of `count` groups with this mean, at every p and ρ. */
function addLogLikelihood(logs, mean, trials, count) {
  const log = distributions.gammaln;
  for (let r = 0; r < N_RHO; r++) {
    const rho = ((r + 0.5) / N_RHO) ** 2;
    const precision = (1 - rho) / rho;
    const own = log(precision) - log(trials + precision);
    for (let k = 0; k < N_ANGLES; k++) {
      const rate = Math.sin((k + 0.5) * ANGLE_STEP) ** 2;
      const [a, b] = [rate * precision, (1 - rate) * precision];
      logs[k * N_RHO + r] += count * (log(trials * mean + a) + log(trials * (1 - mean) + b) + own - log(a) - log(b));
    }
  }
}

/** Integrate over ρ and return the chance of p below every edge of its grid. */
function cumulated(logs) {
  const most = logs.reduce((found, value) => Math.max(found, value), -Infinity);
  const below = [0];
  for (let k = 0; k < N_ANGLES; k++) {
    let density = 0;
    for (let r = 0; r < N_RHO; r++) density += (Math.exp(logs[k * N_RHO + r] - most) * (2 * r + 1)) / N_RHO ** 2;
    below.push(below[k] + density);
  }
  return below.map((sum) => sum / below[N_ANGLES]);
}

function quantileOf(below, tail) {
  const cell = Math.min(Math.max(below.filter((sum) => sum < tail).length - 1, 0), N_ANGLES - 1);
  const part = (tail - below[cell]) / Math.max(below[cell + 1] - below[cell], 1e-300);
  return Math.sin((cell + part) * ANGLE_STEP) ** 2;
}
