// Distribution functions for what is computed in the browser: the page's power and the lesson (assets/statistics).
export { default as betaCdf } from "@stdlib/stats-base-dists-beta-cdf";
export { default as betaQuantile } from "@stdlib/stats-base-dists-beta-quantile";
export { default as gammaln } from "@stdlib/math-base-special-gammaln";
export { default as normalCdf } from "@stdlib/stats-base-dists-normal-cdf";
export { default as normalQuantile } from "@stdlib/stats-base-dists-normal-quantile";
export { default as tCdf } from "@stdlib/stats-base-dists-t-cdf";
export { default as tQuantile } from "@stdlib/stats-base-dists-t-quantile";
