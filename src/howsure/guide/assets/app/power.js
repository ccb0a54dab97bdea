// Chapter 7: the chance of seeing a gap, and what evals too small for it report.

const POWER_ITEMS = [20, 10_000];
const EVALS = 100;
const CURVE_STEPS = 48;

const power = {
  values: { gap: 3, items: 500, a: 0, b: 1, whole: false },

  guess: {
    kind: "range",
    ends: [0, 100, 1],
    unit: "",
    ask: ({ values }) => `A really is better, by ${gap(values.gap / 100, true)}. A hundred teams ask both models ${count(values.items)} questions each. How many of them will find a significant difference? Mark a range that you are fairly sure of.`,
    truth: (sheet) => 100 * powerOf(powerCurve(sheet).spread, POWER_TEST, sheet.values.gap / 100, sheet.values.items),
    told: (_, truth) => `About ${count(Math.round(truth))} in a hundred find it.`,
  },

  fit(sheet, board) {
    return { ...sheet.offerPair(), items: Math.max(POWER_ITEMS[0], Math.round(board.items / 10) * 10) };
  },

  draw(sheet) {
    drawPowerCurve(sheet);
    drawEvals(sheet, powerCurve(sheet).spread);
  },
};

/** Of the difference of two models whose rates are spread evenly from 0 to 100%, one attempt each (Miller 2024). */
const TEXTBOOK_SPREAD = { within: 1 / 9 + 1 / 3, between: 0, answer: null, size: 1 };
const POWER_TEST = { level: 0.95, method: "score" };

/** How much the difference of the chosen pair varies, as what one question adds; the textbook's value where there is no pair. */
function gapSpread({ board, values }) {
  if (values.a === values.b) return TEXTBOOK_SPREAD;
  const { a, b, codes } = board.shared(values.a, values.b);
  const parts = varianceParts(a.map((value, k) => [value - b[k]]), codes);
  if (!(parts.within > 0)) return TEXTBOOK_SPREAD;
  return { ...parts, size: codes === null ? 1 : a.length / effectiveClusters(codes) };
}

/** Return the chance of seeing the gap over the number of questions, [log n, chance], and the questions needed; worked out once a pair and gap. */
function powerCurve(sheet) {
  const { state, values } = sheet;
  const about = `${values.a} ${values.b} ${values.gap}`;
  if (state.curve?.about === about) return state.curve;
  const [spread, effect] = [gapSpread(sheet), values.gap / 100];
  const [low, high] = POWER_ITEMS.map(Math.log);
  const points = [];
  let chance = 0;
  for (let k = 0; k <= CURVE_STEPS; k++) {
    const at = low + ((high - low) * k) / CURVE_STEPS;
    chance = chance > 0.9995 ? 1 : powerOf(spread, POWER_TEST, effect, Math.exp(at)); // it only rises
    points.push([at, chance]);
  }
  state.curve = { about, spread, points, needed: itemsNeeded(spread, POWER_TEST, effect) };
  return state.curve;
}

function drawPowerCurve(sheet) {
  const { values } = sheet;
  const { spread, points, needed } = powerCurve(sheet);
  const chance = powerOf(spread, POWER_TEST, values.gap / 100, values.items);
  const { svg, width } = sheet.picture("power", 270, `${plural(values.items, "question")} show a gap of ${values.gap} points with a chance of ${share(chance)}.`);
  const [low, high] = POWER_ITEMS.map(Math.log);
  const [x, y] = [scaleOf([low, high], [52, width - 20]), scaleOf([0, 1], [220, 12])];
  for (const tick of [0, 0.25, 0.5, 0.8, 1]) svg.append(lineAt(52, y(tick), width - 20, y(tick), tick === 0.8 ? "zero" : "grid"), textAt(46, y(tick) + 4, percentTick(tick), "tick end"));
  svg.append(lineThrough(points.map(([at, height]) => [x(at), y(height)]), ""));
  const ticks = (width < 480 ? [20, 100, 1000, 10_000] : [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]).map(Math.log);
  svg.append(bottomAxis(x, 220, { ticks, format: (tick) => count(Math.exp(tick)), title: "questions" }));
  const grip = shape("circle", { cx: x(Math.log(values.items)), cy: y(chance), r: 11, class: "grip" });
  svg.append(sheet.handle(grip, "items", {
    label: "Number of questions",
    value: values.items,
    min: POWER_ITEMS[0],
    max: POWER_ITEMS[1],
    step: 10,
    told: `${plural(values.items, "question")}, a chance of ${share(chance)}`,
    at: (px) => Math.exp(x.back(px)),
    set: (items) => sheet.set({ items }),
  }));
  const [here, early] = [x(Math.log(values.items)), needed < 400];
  svg.append(textAt(early ? width - 24 : 58, y(0.8) + (early ? 16 : -6), "enough: four in five", early ? "small end" : "small"));
  svg.append(textAt(here + (here > 120 ? -14 : 14), y(chance) - 14, share(chance), here > 120 ? "strong end halo" : "strong halo"));
  sheet.tell({
    needed: needed < MOST_FORECAST ? `about ${roundedUp(needed)}` : `more than ${count(MOST_FORECAST)}`,
    basis: spread === TEXTBOOK_SPREAD ? "is the textbook’s guess, for want of two models" : "is taken from the results",
    said: `With ${plural(values.items, "question")} you have ${oddsText(chance)} of seeing a gap of ${Number(values.gap)} points.${clusteredText(spread, values.items)}`,
  });
}

/** Say how few clusters so many questions are, where that is what keeps the chance low. */
function clusteredText({ size }, items) {
  return size > 1 && items / size < 30 ? ` (They come in clusters, and weigh as much as ${fixed(items / size, 1)} equal ones.)` : "";
}

const TENTHS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** Write a chance as people say it. */
function oddsText(chance) {
  if (chance > 0.95) return `an excellent chance (${share(chance)})`;
  if (chance < 0.075) return `next to no chance (${share(chance)})`;
  const words = ["", "", "one in two", "one in three", "one in four", "one in five", "one in six", "one in seven", "one in eight", "one in nine", "one in ten"];
  const one = Math.round(1 / chance);
  if (chance <= 0.55 && words[one]) return `a ${words[one]} chance (${share(chance)})`;
  return chance < 0.1 ? `a one in ${one} chance (${share(chance)})` : `a ${TENTHS[Math.round(10 * chance)]} in ten chance (${share(chance)})`;
}

/** Draw a hundred evals: each finds a gap around the true one, and estimates its own standard error, as the power curve supposes. */
function evalsOf(sheet, spread) {
  const { gap: points, items } = sheet.values;
  const pivot = expectedPivot(spread, POWER_TEST, items, 1);
  const [se, least] = [Math.sqrt(pivot.variance), pivot.df > 0 ? leastDetected(pivot, POWER_TEST.level) : Infinity];
  const random = randomOf(77);
  return Array.from({ length: EVALS }, () => {
    const found = points / 100 + se * drawNormal(random);
    const own = pivot.df > 0 ? Math.sqrt(drawGamma(random, pivot.df / 2) / (pivot.df / 2)) : 1;
    return { found, seen: Math.abs(found) > least * own };
  });
}

function drawEvals(sheet, spread) {
  const truth = sheet.values.gap / 100;
  const evals = evalsOf(sheet, spread);
  const right = evals.filter((each) => each.seen && each.found > 0);
  const wrong = evals.filter((each) => each.seen && each.found < 0);
  const mean = right.reduce((sum, each) => sum + each.found, 0) / right.length;
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
