// Chapter 7: the chance of seeing a gap, and what evals too small for it report.

const POWER_ITEMS = [20, 10_000];
const EVALS = 100;
const [CURVE_STEPS, SCANNED] = [80, 1000];
const POWER_TEST = { level: 0.95, method: "score" };
/** With fewer clusters, or degrees of freedom, the curve says nothing. */
const [LEAST_CLUSTERS, LEAST_DF] = [6, 3];

const power = {
  values: { gap: 3, items: 500, a: 0, b: 1, whole: false },

  guess: {
    kind: "range",
    ends: [0, 100, 1],
    unit: "",
    ask: ({ values }) => `A really is better, by ${gap(values.gap / 100, true)}. A hundred teams ask both models ${count(values.items)} questions each. How many of them will find a significant difference, one that luck alone brings about less than once in twenty times? Mark a range that you are fairly sure of.`,
    possible: (sheet) => Math.log(sheet.values.items) >= powerCurve(sheet).from,
    truth: (sheet) => 100 * plannedPower(powerCurve(sheet).pilot, sheet.values.gap / 100, sheet.values.items),
    told: (_, truth) => `About ${count(Math.round(truth))} in a hundred find it.`,
  },

  fit(sheet, board) {
    return { ...sheet.offerPair(), items: Math.min(POWER_ITEMS[1], Math.max(POWER_ITEMS[0], Math.round(board.items / 10) * 10)) };
  },

  draw(sheet) {
    drawPowerCurve(sheet);
    drawEvals(sheet, powerCurve(sheet).pilot);
  },
};

// The plan: statistics/power.py, and inference/plan_pilot.py with the pilot's own uncertainty.
// A pilot is {within, between, answer, attempts, sizes, size, crowd, events, doubt, strata}: the variances of the difference between questions of a
// cluster, of clusters, and of one attempt (0 where `within` holds it); clusters of these relative `sizes`, `size` questions on average and
// `crowd` over questions; how many discordant questions one is worth (NaN: its variance); how many strata the questions come from (0: none); factors that the variances may be off by, with their chances.

/** Of two models whose rates are spread evenly from 0 to 100%, one attempt each (Miller 2024). */
const TEXTBOOK_PILOT = { within: 1 / 9, between: 0, answer: 1 / 3, attempts: 1, sizes: [1], size: 1, crowd: 1, events: NaN, doubt: [[1, 1]] };
/** Gauss and Legendre's rule between 0 and 1. */
const MIDDLES = [0, 0.5384693101056831, 0.906179845938664].flatMap((at, k) => (k ? [-at, at] : [at]).map((x) => [(x + 1) / 2, [128 / 225, 0.47862867049936647, 0.23692688505618908][k] / 2]));
const UNIT_SUMS = ["items", "units", "squared", "score", "squares", "shares", "noise", "noiseShares", "borrowed", "borrowedShares", "once", "known"];

/** Return the chosen pair as a pilot, the textbook's values where there is no pair. `values.whole`: whether clusters count; left out, as the commands have it. */
function gapSpread({ board, values }) {
  if (values.a === values.b) return TEXTBOOK_PILOT;
  const { kept, a, b, codes, same } = board.shared(values.a, values.b, values.whole);
  const noise = [values.a, values.b].map((m, k) => answerNoise(board.attemptsOf(m, kept), k ? b : a));
  const d = a.map((value, k) => value - b[k]);
  const strata = same === null ? null : joinedStrata(same);
  const found = pilotOf(strata === null ? d : withinStrata(d, strata), noise, codes);
  return found === null ? TEXTBOOK_PILOT : { ...found, strata: strata === null ? 0 : new Set(strata).size };
}

/** Return of right-or-wrong answers the variance of one attempt at each item, NaN where there is one attempt, and their numbers; of other scores single answers. */
function answerNoise(counts, means) {
  const attempts = means.map((_, k) => (counts === null ? 1 : Array.isArray(counts) ? counts[k] : counts));
  const once = means.map((mean, k) => (attempts[k] > 1 ? (mean * (1 - mean) * attempts[k]) / (attempts[k] - 1) : NaN));
  const known = once.filter((variance) => !Number.isNaN(variance));
  return { attempts, once, average: known.length ? total(known) / known.length : NaN };
}

/** Return the pilot of differences d, null where they don't vary or all are in one cluster. */
function pilotOf(d, noise, clusters) {
  const n = d.length;
  const alone = clusters === null || clusters.reduce((most, code) => Math.max(most, code + 1), 0) === n;
  const codes = alone ? null : clusters;
  const units = unitSums(d, noise, codes);
  if (units.length < 2) return null;
  const whole = Object.fromEntries(UNIT_SUMS.map((name) => [name, total(units.map((unit) => unit[name]))]));
  const parts = varianceSplit(whole);
  const measured = Number.isFinite(parts.answer);
  const mean = noise.map(({ attempts }) => total(attempts.map((count) => 1 / count)) / n);
  const attempts = measured ? Math.max(Math.round(2 / total(mean)), 1) : 1;
  const totals = codes === null ? [1] : units.map((unit) => unit.items);
  const size = total(totals) / totals.length;
  const crowd = (size * total(totals.map((each) => (each / size) ** 2))) / totals.length;
  const [squares, fourths] = [spreadSum(d, 2), spreadSum(d, 4)];
  const found = { ...spreadOfParts(parts, crowd, measured), attempts, sizes: totals.map((each) => each / size), size, crowd, events: fourths > 0 ? squares ** 2 / fourths / n : NaN };
  const mixed = ({ between, within, answer }) => crowd * between + within + (measured ? answer / attempts : 0);
  const value = Math.max(mixed(parts), perItem(found));
  if (!(value > 0)) return null;
  const left = units.map((unit) => mixed(varianceSplit(Object.fromEntries(UNIT_SUMS.map((name) => [name, whole[name] - unit[name]])), parts.answer)));
  const se = left.length > 2 ? Math.sqrt(((left.length - 1) / left.length) * spreadSum(left, 2)) : NaN;
  return { ...found, doubt: doubtOf(value, se, units.length) };
}

/** Return the variances as a plan takes them: all of them to the answers where questions vary less than answers alone would make them. */
function spreadOfParts({ within, between, answer }, crowd, measured) {
  const question = crowd * between + within;
  if (measured && question < 0) return { within: 0, between: 0, answer: Math.max(answer + question, 0) };
  return { within, between, answer: measured ? answer : 0 };
}

/** Return the sums of each cluster, or of each item: statistics/variance_components.py. */
function unitSums(d, noise, codes) {
  const mean = total(d) / d.length;
  const count = codes === null ? d.length : codes.reduce((most, code) => Math.max(most, code + 1), 0);
  const units = Array.from({ length: count }, () => Object.fromEntries(UNIT_SUMS.map((name) => [name, 0])));
  d.forEach((value, k) => {
    const unit = units[codes === null ? k : codes[k]];
    unit.items += 1;
    unit.score += value - mean;
    unit.squares += (value - mean) ** 2;
    const own = noise.map(({ once, average }) => (Number.isNaN(once[k]) ? average : once[k]));
    if (noise.some(({ once }) => !Number.isNaN(once[k]))) {
      unit.once += own[0] + own[1];
      unit.known += 1;
    }
    if (Number.isNaN(own[0] + own[1])) return;
    noise.forEach(({ once, attempts }, side) => (unit[Number.isNaN(once[k]) ? "borrowed" : "noise"] += own[side] / attempts[k]));
  });
  for (const unit of units) {
    Object.assign(unit, { units: codes === null ? 0 : 1, squared: unit.items ** 2, shares: unit.score ** 2 / unit.items });
    Object.assign(unit, { noiseShares: unit.noise / unit.items, borrowedShares: unit.borrowed / unit.items });
  }
  return units;
}

/** Solve the expectations of the sums of squares for the variances. `lender`: the variance that noise was borrowed from; left out, that of these sums. */
function varianceSplit(sums, lender) {
  const { items: n, units, squared, score, squares } = sums;
  const answer = sums.known > 0 ? sums.once / sums.known : NaN;
  const times = lender > 0 && sums.known > 0 ? answer / lender : 1;
  const noise = sums.noise + times * sums.borrowed;
  if (units === 0) return { answer, between: 0, within: n > 1 ? (squares - score ** 2 / n - noise * ((n - 1) / n)) / (n - 1) : NaN };
  const [shares, spare] = [sums.noiseShares + times * sums.borrowedShares, n - units];
  const within = spare > 0 ? (squares - sums.shares - noise + shares) / spare : NaN;
  const apart = sums.shares - score ** 2 / n - (shares - noise / n);
  return { answer, within, between: units > 1 ? (apart - within * (units - 1)) / (n - squared / n) : NaN };
}

/** Return the factors by which an estimated variance may be off, with their chances: df over χ², df from its error. */
function doubtOf(value, se, units) {
  if (!(se > 0)) return [[1, 1]];
  const df = Math.max(Math.min(2 * (value / se) ** 2, units - 1), 1);
  return MIDDLES.map(([place, chance]) => [df / chiAbove(df, place), chance]);
}

/** Return what χ² exceeds with this chance. */
function chiAbove(df, chance) {
  let [low, high] = [0, df + 10 * Math.sqrt(2 * df) + 20];
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if (1 - gammaBelow(df / 2, middle / 2) > chance) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Return the share of a gamma distribution of this shape below x, by its series. */
function gammaBelow(shape, x) {
  if (x <= 0) return 0;
  let [term, sum] = [1 / shape, 1 / shape];
  for (let k = 1; k < 10_000 && term > sum * 1e-15; k++) sum += term *= x / (shape + k);
  return Math.min(sum * Math.exp(shape * Math.log(x) - x - distributions.gammaln(shape)), 1);
}

/** Return n times the variance of the mean difference over n questions, with the pilot's attempts. */
function perItem({ within, between, answer, attempts, crowd }, factor = 1) {
  return factor * Math.max(crowd * between + within + answer / attempts, 0);
}

/** Return the degrees of freedom of n questions in clusters of the pilot's sizes, 0 where there are none. Fewer clusters than the pilot's are a random part of them. */
function plannedDf({ sizes, size, strata = 0 }, n) {
  const [clusters, known] = [n / size, sizes.length];
  if (clusters <= 1) return 0;
  const fewer = clusters < known;
  const q = sizes.map((each) => each / (fewer ? each + ((clusters - 1) * (known - each)) / (known - 1) : clusters));
  const [times, a] = [clusters / known, q.map((share) => share ** 2 / (1 - share))];
  const [sum, squares] = [total(a), total(a.map((each) => each ** 2))];
  const apart = fewer ? ((clusters * (clusters - 1)) / (known * (known - 1))) * (sum ** 2 - squares) : (times * sum) ** 2 - times * squares;
  const df = Math.max(1 / (times * total(q.map((share) => share ** 2)) + apart), 0);
  return strata ? Math.max(Math.min(df, n - strata), 0) : df;
}

/** Say whether n questions are clusters enough for a curve. */
function enoughClusters(pilot, n) {
  if (pilot.sizes.length === 1) return n - (pilot.strata ?? 0) >= LEAST_DF;
  return n / pilot.size >= LEAST_CLUSTERS && plannedDf(pilot, n) >= LEAST_DF;
}

/** Return the pivot that n questions are expected to have, the variances multiplied by a factor. */
function plannedPivot(pilot, n, factor = 1) {
  const { within, between, answer, attempts, crowd, size, sizes, events } = pilot;
  const variance = perItem(pilot, factor) / n;
  const item = factor * Math.max(Math.max(between, 0) + within + answer / attempts, 0);
  const seen = Number.isNaN(events) ? item : events;
  const squares = n * item;
  const worth = sizes.length === 1 ? 1 : eventWorth({ variance, squares, fourths: squares ** 2 / Math.max(n * seen, 1e-12), n, average: crowd, count: n / size });
  const event = seen > item * (1 + 1e-6) ? Math.min(Math.sqrt(item / seen), 1) : 1;
  return { variance, df: plannedDf(pilot, n), itemVariance: Math.max(Math.min(item, 1), 0), room: worth / n, ...SINGLE, event, averaged: event < 1 ? 1 : 0 };
}

/** Return the chance that n questions show a true gap of this size: the mean over what the variances may be. */
function plannedPower(pilot, effect, n) {
  return total(pilot.doubt.map(([factor, chance]) => chance * pivotPower(plannedPivot(pilot, n, factor), effect)));
}

function pivotPower(pivot, effect) {
  if (!(pivot.df > 0)) return 0;
  const [own, least] = [Math.sqrt(pivot.variance), leastDetected(pivot, POWER_TEST.level)];
  if (own <= 0) return effect > least ? 1 : 0;
  if (least === Infinity) return 0;
  const [reach, away, pieces] = [least / own, effect / own, pivot.df < LEAST_DF ? 800 : 100];
  return 1 - noncentralT(reach, pivot.df, away, pieces) + (away > FAR ? 0 : noncentralT(-reach, pivot.df, away, pieces));
}

/** So many standard errors above 0, a difference isn't seen the wrong way round. */
const FAR = 7;

/** Return the fewest questions, in whole clusters, that show a gap four times in five; infinite where a billion don't. */
function questionsNeeded(pilot, effect, target = 0.8) {
  return fewestItems(pilot.size, (n) => plannedPower(pilot, effect, n) >= target);
}

/** Return the chance of seeing the gap over the number of questions, [log n, chance], and the questions needed; worked out once a pair and gap. `from`: log of where the curve begins. */
function powerCurve(sheet) {
  const { state, values } = sheet;
  const pair = `${values.a} ${values.b} ${values.whole}`;
  const about = `${pair} ${values.gap}`;
  if (state.curve?.about === about) return state.curve;
  const [low, high] = POWER_ITEMS.map(Math.log);
  if (state.planned !== pair) {
    const pilot = gapSpread(sheet);
    Object.assign(state, { planned: pair, pilot, from: curveBegins(pilot, low, high) });
  }
  const [{ pilot, from }, effect] = [state, values.gap / 100];
  const points = [];
  let chance = 0;
  for (let k = 0; k <= CURVE_STEPS && from < high; k++) {
    const at = from + ((high - from) * k) / CURVE_STEPS;
    chance = chance > 0.9995 ? 1 : plannedPower(pilot, effect, Math.exp(at)); // it only rises
    points.push([at, chance]);
  }
  state.curve = { about, pilot, points, from, needed: questionsNeeded(pilot, effect) };
  return state.curve;
}

/** Return the log of the number of questions from which all are clusters enough. */
function curveBegins(pilot, low, high) {
  let from = high;
  for (let k = SCANNED; k >= 0; k--) {
    const at = low + ((high - low) * k) / SCANNED;
    if (!enoughClusters(pilot, Math.exp(at))) break;
    from = at;
  }
  return from;
}

function drawPowerCurve(sheet) {
  const { values } = sheet;
  const { pilot, points, from, needed } = powerCurve(sheet);
  const known = Math.log(values.items) >= from - 1e-9;
  const chance = known ? plannedPower(pilot, values.gap / 100, values.items) : 0;
  const odds = known ? `a chance of ${share(chance)}` : "too few clusters to tell";
  const { svg, width } = sheet.picture("power", 270, `${plural(values.items, "question")}, a gap of ${values.gap} points: ${odds}.`);
  const [low, high] = POWER_ITEMS.map(Math.log);
  const [x, y] = [scaleOf([low, high], [52, width - 20]), scaleOf([0, 1], [220, 12])];
  for (const tick of [0, 0.25, 0.5, 0.8, 1]) svg.append(lineAt(52, y(tick), width - 20, y(tick), tick === 0.8 ? "zero" : "grid"), textAt(46, y(tick) + 4, percentTick(tick), "tick end"));
  if (from > low) svg.append(...tooFew(x, y, from));
  if (points.length) svg.append(lineThrough(points.map(([at, height]) => [x(at), y(height)]), ""));
  const ticks = (width < 480 ? [20, 100, 1000, 10_000] : [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]).map(Math.log);
  svg.append(bottomAxis(x, 220, { ticks, format: (tick) => count(Math.exp(tick)), title: "questions" }));
  const grip = shape("circle", { cx: x(Math.log(values.items)), cy: y(chance), r: 11, class: "grip" });
  svg.append(sheet.handle(grip, "items", {
    label: "Number of questions",
    value: values.items,
    min: POWER_ITEMS[0],
    max: POWER_ITEMS[1],
    step: 10,
    told: `${plural(values.items, "question")}, ${odds}`,
    at: (px) => Math.exp(x.back(px)),
    set: (items) => sheet.set({ items }),
  }));
  const here = x(Math.log(values.items));
  const early = needed < 400 || (chance > 0.6 && chance < 0.92 && here < 240);
  svg.append(textAt(early ? width - 24 : 58, y(0.8) + (early ? 16 : -6), "enough: four in five", early ? "small end halo" : "small"));
  svg.append(textAt(here + (here > 120 ? -14 : 14), Math.max(y(chance) - 14, 13), known ? share(chance) : "?", here > 120 ? "strong end halo" : "strong halo"));
  sheet.tell({
    needed: neededText(needed),
    basis: pilot === TEXTBOOK_PILOT ? "is the textbook’s guess, for want of two models" : "is taken from the results",
    said: known ? `With ${plural(values.items, "question")} you have ${oddsText(chance)} of seeing a gap of ${Number(values.gap)} points.${clusteredText(pilot, values.items)}` : tooFewText(pilot, values.items),
  });
}

function neededText(needed) {
  return needed < MOST_FORECAST ? `about ${roundedUp(needed)}` : `more than ${count(MOST_FORECAST)}`;
}

/** Shade the numbers of questions that are too few clusters for a curve, and name them: upright where there is no room. */
function tooFew(x, y, from) {
  const [left, right, name] = [x.from, x(from), "too few clusters to tell"];
  const [middle, level] = [(left + right) / 2, y(0.44)];
  const fits = textWidth(name) < right - left - 8;
  const turned = { x: middle + 4, y: level, transform: `rotate(-90 ${middle + 4} ${level})`, class: "middle small" };
  const text = fits ? textAt(middle, level, name, "middle small") : shape("text", turned, name);
  return [rectAt(left, y(1), right - left, y(0) - y(1), "band"), ...(right - left > 16 ? [text] : [])];
}

function tooFewText({ size }, items) {
  const clusters = items / size;
  return `${plural(items, "question")} in clusters like these are about ${plural(Math.max(Math.round(clusters), 1), "cluster")}: too few to tell how likely you are to see a gap.`;
}

/** Say how few clusters so many questions are, where that is what keeps the chance low. */
function clusteredText({ sizes, crowd }, items) {
  return sizes.length > 1 && items / crowd < 30 ? ` (They come in clusters, and weigh as much as ${fixed(items / crowd, 1)} equal ones.)` : "";
}

const TENTHS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** Write a chance as people say it. */
function oddsText(chance) {
  if (chance > 0.95) return `an excellent chance (${share(chance)})`;
  if (chance < 0.075) return `next to no chance (${share(chance)})`;
  const words = ["", "", "one in two", "one in three", "one in four", "one in five", "one in six", "one in seven", "one in eight", "one in nine", "one in ten"];
  const one = Math.round(1 / chance);
  if (chance <= 0.55 && words[one] && Math.abs(1 / one - chance) < 0.02) return `a ${words[one]} chance (${share(chance)})`;
  if (chance < 0.1) return `a one in ${one} chance (${share(chance)})`;
  const tenths = Math.round(10 * chance);
  return Math.abs(tenths / 10 - chance) < 0.02 ? `a ${TENTHS[tenths]} in ten chance (${share(chance)})` : `a chance of ${share(chance)}`;
}

/** Draw a hundred evals: each finds a gap around the true one, and estimates its own standard error, as the power curve supposes. */
function evalsOf(sheet, pilot) {
  const { gap: points, items } = sheet.values;
  const chances = pilot.doubt.map(([, chance]) => chance);
  const pivots = pilot.doubt.map(([factor]) => plannedPivot(pilot, items, factor));
  const limits = pivots.map((pivot) => (pivot.df > 0 ? leastDetected(pivot, POWER_TEST.level) : Infinity));
  const random = randomOf(77);
  return Array.from({ length: EVALS }, (_, k) => {
    const which = chances.findIndex((_, nth) => total(chances.slice(0, nth + 1)) > (k + 0.5) / EVALS);
    const { variance, df } = pivots[which];
    const found = points / 100 + Math.sqrt(variance) * drawNormal(random);
    const own = df > 0 ? Math.sqrt(drawGamma(random, df / 2) / (df / 2)) : 1;
    return { found, seen: Math.abs(found) > limits[which] * own };
  });
}

function drawEvals(sheet, pilot) {
  const truth = sheet.values.gap / 100;
  const evals = evalsOf(sheet, pilot);
  const right = evals.filter((each) => each.seen && each.found > 0);
  const wrong = evals.filter((each) => each.seen && each.found < 0);
  const mean = total(right.map((each) => each.found)) / right.length;
  const { svg, width, narrow } = sheet.picture("evals", 230, `Of ${EVALS} evals ${count(right.length + wrong.length)} find a significant gap.`);
  const reach = Math.max(...evals.map((each) => Math.abs(each.found)), truth) * 1.06;
  const x = scaleOf([-reach, reach], [24, width - 24]);
  const [bottom, size] = [186, narrow ? 8 : 10];
  const spots = stacked(evals.map((each) => x(each.found)), size, bottom - 8);
  const part = (kind, holds) => dotsAt(spots.filter((_, k) => holds(evals[k])), size * 0.44, kind);
  svg.append(lineAt(x(0), 34, x(0), bottom, "grid"), lineAt(x(truth), 18, x(truth), bottom, "zero"));
  svg.append(textAt(middleWithin(x(truth), `truth: ${gap(truth, true)}`, [0, width]), 12, `truth: ${gap(truth, true)}`, "middle label"));
  svg.append(part("same", (each) => !each.seen), part("right", (each) => each.seen && each.found > 0), part("wrong", (each) => each.seen && each.found < 0));
  if (right.length) svg.append(...winnersMark(x, mean, width));
  svg.append(bottomAxis(x, bottom, { format: signedTick, title: "difference found (points)" }));
  const seeing = right.length === 1 ? "It says" : "On average they say";
  const exaggerated = right.length ? ` ${seeing} ${gap(mean, true)}; the truth is ${gap(truth, true)}.` : "";
  sheet.tell({ evals: `${right.length ? count(right.length) : "None"} of ${EVALS} ${right.length === 1 ? "sees" : "see"} it${wrong.length ? `, and ${wrong.length === 1 ? "one says" : `${count(wrong.length)} say`} the opposite` : ""}.${exaggerated}` });
}

/** Mark what the evals that see the gap say of it on average. */
function winnersMark(x, mean, width) {
  const name = `what the blue ones say: ${gap(mean, true)}`;
  return [lineAt(x(mean), 40, x(mean), 178, "mark blue"), textAt(middleWithin(x(mean), name, [0, width]), 32, name, "middle label blue halo")];
}

/** Pile dots up where they would cover each other: places along x become [x, y]. */
function stacked(places, step, bottom) {
  const heights = new Map();
  return places.map((x) => {
    const column = Math.round(x / step);
    const height = heights.get(column) ?? 0;
    heights.set(column, height + 1);
    return [column * step, bottom - step * height];
  });
}
