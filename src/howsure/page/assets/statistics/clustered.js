// The one estimator, a mean over items that come in clusters: statistics/clustered_variance.py.
// SE² = Σ e_g² / (1 − q_g) / n² (CR2: Bell and McCaffrey 2002; Pustejovsky and Tipton 2018), df by Satterthwaite.

function total(values) {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Return the place of each item's cluster, 0, 1, …; without clusters each item is its own. */
function clusterCodes(n, clusters) {
  if (clusters === null) return Array.from({ length: n }, (_, k) => k);
  const places = new Map();
  return clusters.map((label) => places.get(label) ?? (places.set(label, places.size), places.size - 1));
}

/** Sum values by cluster. */
function clusterSums(values, codes) {
  const sums = new Array(codes.reduce((most, code) => Math.max(most, code + 1), 0)).fill(0);
  values.forEach((value, k) => (sums[codes[k]] += value));
  return sums;
}

/** Return 1 / [Σ q² + (Σ a)² − Σ a²], a = q² / (1 − q), NaN where one cluster holds everything. */
function satterthwaite(sizes) {
  const n = total(sizes);
  if (sizes.length < 2) return NaN;
  const q = sizes.map((size) => size / n);
  const a = q.map((share) => share ** 2 / (1 - share));
  return 1 / (total(q.map((share) => share ** 2)) + total(a) ** 2 - total(a.map((each) => each ** 2)));
}

/** Return the mean, its variance (CR2), df, and the clusters' sizes and residual sums; variance and df NaN with fewer than two clusters. */
function clusteredMean(x, clusters = null) {
  const n = x.length;
  const codes = clusterCodes(n, clusters);
  const mean = total(x) / n;
  const sizes = clusterSums(x.map(() => 1), codes);
  const sums = clusterSums(x.map((value) => value - mean), codes);
  const variance = sizes.length < 2 ? NaN : cr2(sums, sizes) / n ** 2;
  return { mean, variance, df: satterthwaite(sizes), n, units: sizes.length, sizes, sums };
}

/** Return Σ e_g² / (1 − q_g). */
function cr2(sums, sizes) {
  const n = total(sizes);
  return total(sums.map((sum, g) => sum ** 2 / (1 - sizes[g] / n)));
}

/** Return the design effect of clusters of one size with this intra-cluster correlation (Kish 1965). */
function kishEffect(size, icc) {
  return 1 + (size - 1) * icc;
}

/** Return how many equal clusters would be worth as much, n² / Σ n_g²: inference/ladder.py. */
function effectiveClusters(clusters) {
  const sizes = clusterSums(clusters.map(() => 1), clusterCodes(clusters.length, clusters));
  return clusters.length ** 2 / total(sizes.map((size) => size ** 2));
}
