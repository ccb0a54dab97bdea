// The mean of scores in [0, 1] and its default interval, "adaptive": statistics/means.py and mean_intervals.py.
// Chosen by trial: docs/decisions/0004-intervals.md.

const [LEAST_SHARE, HALFWAY] = [1 / 3, 6];
const [FEW_CLUSTERS_DF, DOMINANT_SHARE, RARE] = [4, 1 / 3, 0.01];

/**
 * Return a mean with its SE and interval. `clusters`: a label for each item. `attempts`: of how many right-or-wrong answers a
 * score is the mean, null where it is no such mean; left out: one, if all scores are 0 or 1.
 */
function meanOf(scores, { clusters = null, level = 0.95, attempts } = {}) {
  const found = clusteredMean(scores, clusters);
  const { n, units, sizes, df } = found;
  const [least, most] = scores.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity]);
  const value = Math.min(Math.max(found.mean, least), most);
  const variance = found.variance <= (1e-12 * Math.max(-least, most)) ** 2 ? 0 : found.variance;
  const atEdge = value <= 0 || value >= 1;
  const spread = value * (1 - value);
  const measured = (variance * (n - 1)) / spread;
  const deff = spread > 0 && measured > 0 ? measured : 1;
  const known = { value, df, n, units, spread, deff: variance > 0 ? deff : 0, size: total(sizes.map((each) => each ** 2)) / n };
  const groups = answerGroups(scores, clusterCodes(n, clusters), sizes, attempts);
  const limits = () => (groups === null ? fractionLimits(known, level) : answerLimits(known, groups, level));
  const [low, high] = atEdge ? clopperPearson(value * units, units, level) : units < 2 ? [NaN, NaN] : limits();
  return {
    ...{ value, variance: nullIfNaN(variance), se: nullIfNaN(Math.sqrt(variance)), df: nullIfNaN(df) },
    ...{ low: nullIfNaN(low), high: nullIfNaN(high), n, units, effective: n / deff, deff },
    method: atEdge ? "clopper-pearson" : "adaptive",
    bounds: atEdge ? exactBounds(value, n, units, level) : rareBounds(known, groups, level),
    warnings: meanCautions(found, clusters !== null, variance === 0 && !atEdge),
  };
}

/** Return the groups that right-or-wrong answers come in, null for other scores. All attempts alike say no more than one. */
function answerGroups(scores, codes, sizes, attempts) {
  const whole = scores.every((x) => x === 0 || x === 1);
  if (attempts === null || (attempts === undefined && !whole)) return null;
  const counts = scores.map((_, k) => (whole ? 1 : Array.isArray(attempts) ? attempts[k] : attempts));
  const shares = sizes.map((size) => size / scores.length);
  const means = clusterSums(scores, codes).map((sum, g) => sum / sizes[g]);
  return { means, shares, several: !whole, trials: total(clusterSums(counts, codes).map((count, g) => shares[g] * count)) };
}

/** Return the limits of fractions. */
function fractionLimits({ value, df, n, deff, size }, level) {
  return guardedScore(value, n, df, level, deff, Math.sqrt(size));
}

/** Return the limits of right-or-wrong answers: of one, of several to an item, and in clusters between guarded Wilson and the posterior. */
function answerLimits(known, groups, level) {
  const { value, df, n, units, spread, deff } = known;
  const crowd = n * total(groups.shares.map((share) => share ** 2));
  if (groups.trials < 1 + 1e-9) return guardedScore(value, n, df, level, cautiousDeff(deff, crowd, (n / deff) * spread), 0);
  const capped = Math.max(deff, crowd / groups.trials); // no answer says more than an independent one
  if (units === n) return fractionLimits({ ...known, deff: capped }, level);
  const [low, high] = guardedScore(value, n, df, level, capped, groups.several ? 1 : 0);
  const events = (n / capped) * spread;
  const share = Math.max(events / (events + HALFWAY), LEAST_SHARE);
  const [from, to] = posteriorLimits(groups, level);
  return [noNearer(between(from, low, share), low, value), 1 - noNearer(1 - between(to, high, share), 1 - high, 1 - value)];
}

/** Return a deff, one below the usual drawn towards it by one event against those seen. */
function cautiousDeff(deff, usual, events) {
  return deff < usual ? (deff * events + usual) / (events + 1) : deff;
}

function between(posterior, other, share) {
  const angle = (rate) => Math.asin(Math.sqrt(Math.min(Math.max(rate, 0), 1)));
  return Math.sin((1 - share) * angle(posterior) + share * angle(other)) ** 2;
}

/** Return a lower limit that lies no higher than Wilson's where the value is at most ¼; in part up to ½. */
function noNearer(blended, other, value) {
  return blended - Math.min(Math.max(2 - 4 * value, 0), 1) * Math.max(blended - other, 0);
}

/** Return the exact one-sided limits at 0 and n of n: by clusters, where there are any, and by items. */
function exactBounds(value, n, units, level) {
  const told = (count, name) => {
    const limit = ruleOfThree(count, level);
    return value <= 0 ? { limit, side: "upper", units: name, n: count } : { limit: 1 - limit, side: "lower", units: name, n: count };
  };
  return [...(units === n ? [] : [told(units, "clusters")]), told(n, "items")];
}

/** Return the exact one-sided limit of a rate of single answers that is below 1%, or above 99%. */
function rareBounds({ value, n, units }, groups, level) {
  const alone = groups !== null && units === n && groups.trials < 1 + 1e-9 && !groups.several;
  if (!alone || Math.min(value, 1 - value) >= RARE || !(level > 0.5)) return [];
  const limit = clopperPearson(Math.round(Math.min(value, 1 - value) * n), n, 2 * level - 1)[1];
  return [value < 0.5 ? { limit, side: "upper", units: "items", n } : { limit: 1 - limit, side: "lower", units: "items", n }];
}

/** Return the names of the library's warnings: howsure/errors.py. */
function meanCautions({ n, units, sizes, df }, clustered, flat) {
  if (units < 2) return [n === 1 ? "one_item" : "one_cluster"];
  const dominant = sizes.some((size) => size / n > DOMINANT_SHARE);
  const uneven = clustered && dominant ? ["dominant_cluster"] : clustered && df < FEW_CLUSTERS_DF ? ["few_clusters"] : [];
  return [...uneven, ...(flat ? ["no_variance"] : [])];
}
