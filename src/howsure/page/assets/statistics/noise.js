// How much scores differ from item to item and how much from answer to answer: statistics/variance_components.py and answer_noise.py.
// Unbiased for any numbers of attempts and sizes of clusters (Henderson's method 1; Searle, Casella and McCulloch 1992).

/** Split the variance. `answers`: the scores of the attempts at each item. Items with one attempt borrow the others' noise. */
function varianceParts(answers, clusters = null) {
  const means = answers.map((scores) => total(scores) / scores.length);
  const once = answers.map((scores) => (scores.length > 1 ? spreadSum(scores, 2) / (scores.length - 1) : NaN));
  const known = once.filter((variance) => !Number.isNaN(variance));
  const answer = known.length ? total(known) / known.length : NaN;
  const noise = answers.map((scores, k) => (known.length ? (Number.isNaN(once[k]) ? answer : once[k]) / scores.length : 0));
  const [among, within] = clusters === null ? [0, singleVariance(means, noise)] : clusteredVariances(means, noise, clusters);
  const [n, question] = [answers.length, nullIfNaN(among + within)];
  return { answer: nullIfNaN(answer), between: nullIfNaN(among), within: nullIfNaN(within), question, n };
}

function singleVariance(means, noise) {
  const n = means.length;
  return n > 1 ? spreadSum(means, 2) / (n - 1) - total(noise) / n : NaN;
}

/** Return the variances of clusters, and of items in their cluster. */
function clusteredVariances(means, noise, clusters) {
  const n = means.length;
  const codes = clusterCodes(n, clusters);
  const sizes = clusterSums(means.map(() => 1), codes);
  const mean = total(means) / n;
  const divided = (sums, power) => total(sums.map((sum, g) => sum ** power / sizes[g]));
  const shares = divided(clusterSums(means.map((x) => x - mean), codes), 2);
  const noiseShares = divided(clusterSums(noise, codes), 1);
  const [units, spare] = [sizes.length, n - sizes.length];
  const within = spare > 0 ? (spreadSum(means, 2) - shares - total(noise) + noiseShares) / spare : NaN;
  const apart = shares - (noiseShares - total(noise) / n) - within * (units - 1);
  return [units > 1 ? apart / (n - total(sizes.map((size) => size ** 2)) / n) : NaN, within];
}
