// Chance that can be made again: the same seed draws the same.

/** Return a source of numbers in [0, 1) (mulberry32, by Tommy Ettinger). */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draw `n` of the numbers 0 … size − 1, with replacement. */
function drawWith(random, size, n) {
  return Int32Array.from({ length: n }, () => Math.floor(random() * size));
}

/** Put the elements of an array in a random order, in place. */
function shuffle(random, values) {
  for (let k = values.length - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1));
    [values[k], values[other]] = [values[other], values[k]];
  }
  return values;
}

/** Draw from a normal distribution of mean 0 and variance 1 (Box and Muller 1958). */
function drawNormal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Draw from a gamma distribution of scale 1 (Marsaglia and Tsang 2000). */
function drawGamma(random, form) {
  if (form < 1) return drawGamma(random, form + 1) * (1 - random()) ** (1 / form);
  const d = form - 1 / 3;
  for (;;) {
    const x = drawNormal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random()) < x * x / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Return a seed that nobody has drawn before. */
function freshSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/** Return the seed for a class's code, so that all who type it draw the same; case and spaces don't matter (FNV-1a, by Fowler, Noll and Vo). */
function seedOfCode(text) {
  let hash = 0x811c9dc5;
  for (const letter of String(text).replace(/\s/g, "").toUpperCase()) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
  return hash >>> 0;
}

/** Return the seed of the `nth` draw that begins with a seed: neighbours have nothing in common. */
function seedAfter(seed, nth) {
  let mixed = (seed + Math.imul(nth + 1, 0x9e3779b9)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
