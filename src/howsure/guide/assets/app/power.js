// Chapter 7: the chance of seeing a gap, and what evals too small for it report.

const POWER_ITEMS = [20, 10_000];
const EVALS = 100;

const power = {
  values: { gap: 3, items: 500, a: 0, b: 1 },

  fit(sheet, board) {
    sheet.offerModels("a");
    sheet.offerModels("b");
    return { a: board.a, b: Math.max(board.b, 0), items: Math.max(POWER_ITEMS[0], Math.round(board.items / 10) * 10) };
  },

  draw(sheet) {
    const spread = gapSpread(sheet);
    const chance = powerOf(spread, POWER_TEST, sheet.values.gap / 100, sheet.values.items);
    drawPowerCurve(sheet, spread, chance);
    drawEvals(sheet, spread);
  },
};

/** Of the difference of two models whose rates are spread evenly from 0 to 100 %, one attempt each (Miller 2024). */
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

function drawPowerCurve(sheet, spread, chance) {
  const { values } = sheet;
  const { svg, width } = sheet.picture("power", 270, `${plural(values.items, "question")} show a gap of ${values.gap} points with a chance of ${share(chance)}.`);
  const [low, high] = POWER_ITEMS.map(Math.log);
  const [x, y] = [scaleOf([low, high], [52, width - 20]), scaleOf([0, 1], [220, 12])];
  const points = Array.from({ length: 49 }, (_, k) => low + ((high - low) * k) / 48);
  for (const tick of [0, 0.25, 0.5, 0.8, 1]) svg.append(lineAt(52, y(tick), width - 20, y(tick), tick === 0.8 ? "zero" : "grid"), textAt(46, y(tick) + 4, percentTick(tick), "tick end"));
  svg.append(lineThrough(points.map((at) => [x(at), y(powerOf(spread, POWER_TEST, values.gap / 100, Math.exp(at)))]), ""));
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
  const needed = itemsNeeded(spread, POWER_TEST, values.gap / 100);
  sheet.tell({
    needed: needed < MOST_FORECAST ? `about ${roundedUp(needed)}` : `more than ${count(MOST_FORECAST)}`,
    said: `With ${plural(values.items, "question")} you have ${oddsText(chance)} chance to see a gap of ${Number(values.gap)} points.`,
  });
}

/** Write a chance as people say it. */
function oddsText(chance) {
  if (chance > 0.95) return `a nearly certain (${share(chance)})`;
  if (chance < 0.075) return `next to no (${share(chance)})`;
  const words = ["", "", "one in two", "one in three", "one in four", "one in five", "one in six", "one in seven", "one in eight", "one in nine", "one in ten"];
  const one = Math.round(1 / chance);
  if (chance <= 0.55 && words[one]) return `a ${words[one]} (${share(chance)})`;
  return chance < 0.1 ? `a one in ${one} (${share(chance)})` : `a ${Math.round(10 * chance)} in ten (${share(chance)})`;
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
  const [seen, wrong] = [evals.filter((each) => each.seen), evals.filter((each) => each.seen && each.found < 0)];
  const { svg, width } = sheet.picture("evals", 190, `Of ${EVALS} evals ${count(seen.length)} find a significant gap.`);
  const reach = Math.max(...evals.map((each) => Math.abs(each.found)), truth) * 1.06;
  const x = scaleOf([-reach, reach], [24, width - 24]);
  const spots = stacked(evals.map((each) => x(each.found)), 8, 138);
  const part = (holds) => spots.filter((_, k) => holds(evals[k]));
  svg.append(lineAt(x(0), 20, x(0), 146, "grid"), lineAt(x(truth), 14, x(truth), 144, "zero"), textAt(x(truth), 11, "the truth", "middle small"));
  svg.append(dotsAt(part((each) => !each.seen), 3.5, "same"), dotsAt(part((each) => each.seen && each.found > 0), 3.5, "right"), dotsAt(part((each) => each.seen && each.found < 0), 3.5, "wrong"));
  svg.append(bottomAxis(x, 146, { format: signedTick, title: "gap found (pp)" }));
  const right = seen.filter((each) => each.found > 0);
  const mean = right.reduce((sum, each) => sum + each.found, 0) / right.length;
  const exaggerated = right.length ? ` Those that see it say ${gap(mean, true)} on average; the truth is ${gap(truth, true)}.` : "";
  sheet.tell({ evals: `${count(right.length)} of ${EVALS} see it${wrong.length ? `, and ${count(wrong.length)} say the opposite` : ""}.${exaggerated}` });
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
