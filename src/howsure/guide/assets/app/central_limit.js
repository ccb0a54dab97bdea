// Chapter 3: the bell from right and wrong answers, the edges where it breaks, and the dial of the rule of three.

const BELL_DRAWS = 2000;
const MOST_BELL = 1000;
const EDGE_ITEMS = 30;
const TEXTBOOK = 1.959964;

const centralLimit = {
  values: { n: 1, steps: 0, rate: 70, right: 30, runs: 300, failures: 0 },

  guess: {
    kind: "pick",
    ask: () => "With thirty questions, a score usually lands about 8 points from the truth (that distance is called the standard error). How many questions does it take to halve it?",
    options: () => [[45, "45"], [60, "60"], [120, "120"], [300, "300"]],
    truth: () => 120,
    told: () => "120: half the error bar costs four times the questions.",
  },

  draw(sheet) {
    linkSteps(sheet);
    sheet.values.failures = Math.min(sheet.values.failures, sheet.values.runs);
    drawBell(sheet);
    drawEdges(sheet);
    drawDial(sheet);
  },
};

/** The slider of questions goes in even steps of their logarithm; whichever was moved last leads. */
function linkSteps({ values, state }) {
  const ofSteps = Math.round(MOST_BELL ** (values.steps / 100));
  if (values.steps !== state.steps && state.steps !== undefined) values.n = ofSteps;
  else values.steps = Math.round((100 * Math.log(values.n)) / Math.log(MOST_BELL));
  state.steps = values.steps;
}

/** Return how many are right in each of two thousand evals of n questions: the same draws of chance for all n and rates, so that the picture glides. */
function bellCounts(sheet, n, rate) {
  sheet.state.chances ??= Float64Array.from({ length: BELL_DRAWS }, randomOf(3)).sort();
  const counts = new Uint32Array(n + 1);
  let [chance, sum, k] = [Math.exp(n * Math.log1p(-rate)), 0, 0];
  sum = chance;
  for (const at of sheet.state.chances) {
    while (sum < at && k < n) {
      chance *= ((n - k) / (k + 1)) * (rate / (1 - rate));
      k += 1;
      sum += chance;
    }
    counts[k] += 1;
  }
  return counts;
}

function drawBell(sheet) {
  const { n, rate: percent } = sheet.values;
  const rate = percent / 100;
  const counts = rate > 0.5 ? bellCounts(sheet, n, 1 - rate).reverse() : bellCounts(sheet, n, rate);
  const se = Math.sqrt((rate * (1 - rate)) / n);
  const { svg, width } = sheet.picture("bell", 240, `Scores of ${count(BELL_DRAWS)} evals of ${plural(n, "question")}: their standard error is ${gap(se, true)}.`);
  const x = scaleOf([-0.06, 1.06], [4, width - 4]);
  const step = Math.max(1, Math.ceil((n * 3) / width));
  const piles = pilesOf(counts, step);
  const highest = Math.max(...piles.map(({ height }) => height), (BELL_DRAWS * step * 0.3989) / (n * se));
  const y = scaleOf([0, highest], [190, 16]);
  svg.append(...piles.filter(({ height }) => height).map(({ at: where, height }) => pile(x, y, where / n, step / n, height)));
  if (n > 2) svg.append(lineThrough(bellCurve(x, y, { rate, se, scale: (BELL_DRAWS * step) / n }), "other"));
  if (n > 2) svg.append(...standardErrorMark(x, y, { rate, se, highest: (BELL_DRAWS * step * 0.3989) / (n * se) }));
  svg.append(bottomAxis(x, 190, { format: percentTick, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], title: "score" }));
  const [low, high] = [rate - TEXTBOOK * se, rate + TEXTBOOK * se].map((end) => Math.min(x.high, Math.max(x.low, end)));
  if (n > 11) svg.append(errorBar(x, 8, { value: rate, low, high }), sideText(x, rate < 0.5 ? high : low, 12, "95 of 100 evals", "small", rate < 0.5));
  sheet.tell({
    se: gap(se, true),
    half: gap(se / 2, true),
    said: n === 1 ? `One question: ${share(rate)} of the evals score 100%, the others 0%. No bell in sight.` : `${plural(n, "question")}: the standard error is √(right × wrong / questions) = √(${fixed(rate, 2)} × ${fixed(1 - rate, 2)} / ${count(n)}) = ${gap(se, true)}.`,
  });
}

/** Mark the standard error: from the middle of the bell to where it is steepest. */
function standardErrorMark(x, y, { rate, se, highest }) {
  const level = y(highest * Math.exp(-0.5));
  const left = rate >= 0.5;
  const end = x(left ? rate - se : rate + se);
  return [
    lineAt(x(rate), level, end, level, "mark"),
    lineAt(x(rate), level - 4, x(rate), level + 4, "mark"),
    lineAt(end, level - 4, end, level + 4, "mark"),
    sideText(x, left ? rate - se : rate + se, level + 4, `standard error: ${gap(se, true)}`, "label halo", !left),
  ];
}

/** Write beside a place: to its right or to its left, but not beyond the picture. */
function sideText(x, value, y, text, kind, right) {
  const [room, width] = [x.to - x.from, textWidth(text)];
  const at = right ? Math.min(x(value) + 10, x.from + room - width) : Math.max(x(value) - 10, x.from + width);
  return textAt(at, y, text, right ? kind : `end ${kind}`);
}

/** Put so many neighbouring counts into one pile. */
function pilesOf(counts, step) {
  const piles = [];
  for (let k = 0; k < counts.length; k += step) {
    const height = total(counts.slice(k, k + step));
    piles.push({ at: k + (step - 1) / 2, height });
  }
  return piles;
}

function pile(x, y, middle, width, height) {
  const [left, right] = [x(middle - width / 2), x(middle + width / 2)];
  const broad = Math.min(right - left - 1, 60);
  return rectAt((left + right - broad) / 2, y(height), broad, y(0) - y(height), "block");
}

function bellCurve(x, y, { rate, se, scale }) {
  return Array.from({ length: 81 }, (_, k) => {
    const value = rate + se * (k / 10 - 4);
    const height = (scale * Math.exp(-(((value - rate) / se) ** 2) / 2)) / (se * Math.sqrt(2 * Math.PI));
    return [x(value), y(height)];
  });
}

function drawEdges(sheet) {
  const { right } = sheet.values;
  const answers = Array.from({ length: EDGE_ITEMS }, (_, k) => (k < right ? 1 : 0));
  const ours = meanOf(answers);
  const se = Math.sqrt((ours.value * (1 - ours.value)) / EDGE_ITEMS);
  const textbook = { value: ours.value, low: ours.value - TEXTBOOK * se, high: ours.value + TEXTBOOK * se };
  const [shown, broken] = [ours, textbook].map(({ low, high }) => `${scoreNumber(low, true)} to ${score(high, true)}`);
  const { svg, width } = sheet.picture("edges", 130, `${right} of ${EDGE_ITEMS} right: howsure says ${shown}, the textbook ${broken}.`);
  const x = scaleOf([-0.15, 1.15], [12, width - 12]);
  svg.append(rectAt(12, 10, x(0) - 12, 80, "block faint"), rectAt(x(1), 10, width - 12 - x(1), 80, "block faint"));
  const onLeft = ours.value > 0.5;
  const named = (y, text, kind) => textAt(onLeft ? x(0) + 10 : x(1) - 10, y, text, `label ${kind}${onLeft ? "" : " end"}`);
  svg.append(errorBar(x, 36, ours), errorBar(x, 68, textbook, "other"), named(40, "howsure", "blue"), named(72, "the textbook", "orange"));
  svg.append(bottomAxis(x, 90, { ticks: [0, 0.25, 0.5, 0.75, 1], format: percentTick, title: "score" }));
  const nonsense = textbook.high > 1 || textbook.low < 0 ? " There is no score out there, in the grey." : "";
  sheet.tell({
    of: EDGE_ITEMS,
    edge: `${right} of ${EDGE_ITEMS} right: ${shown}. The textbook: ${broken}${se === 0 ? ", as if nothing else were possible" : ""}.${nonsense}`,
  });
}

const DIAL = [0.001, 1];

function drawDial(sheet) {
  const { runs, failures } = sheet.values;
  const rate = upperRate(failures, runs);
  const { svg, width } = sheet.picture("dial", 200, `${plural(failures, "failure")} in ${plural(runs, "run")}: the failure rate is below ${rateText(rate)}.`);
  const [cx, cy, radius] = [width / 2, 165, Math.min(140, width / 2 - 66)];
  const angle = (value) => Math.PI * (1 - (Math.log(Math.min(1, Math.max(DIAL[0], value))) - Math.log(DIAL[0])) / (Math.log(DIAL[1]) - Math.log(DIAL[0])));
  const spot = (value, far) => [cx + far * Math.cos(angle(value)), cy - far * Math.sin(angle(value))];
  const arc = (from, to) => `M${spot(from, radius)} A${radius},${radius} 0 0 1 ${spot(to, radius)}`;
  svg.append(shape("path", { d: arc(DIAL[0], DIAL[1]), class: "curve faint thick" }), shape("path", { d: arc(DIAL[0], rate), class: "curve thick" }));
  for (const tick of [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1]) {
    const [x, y] = spot(tick, radius + 18);
    svg.append(textAt(x, y + 4, rateText(tick), `tick ${tick < 0.01 ? "end" : tick > 0.05 ? "" : "middle"}`));
  }
  svg.append(textAt(cx, cy + 28, `below ${rateText(rate)}`, "middle strong"));
  const [x, y] = spot(rate, radius - 12);
  const needle = shapesIn("g", [lineAt(cx, cy, x, y, "needle"), shape("circle", { cx: x, cy: y, r: 11, class: "grip" }), shape("circle", { cx, cy, r: 5, class: "dot" })]);
  svg.append(sheet.handle(needle, "needle", {
    label: "Number of runs",
    value: runs,
    min: 1,
    max: MOST_BELL,
    step: 1,
    told: `${plural(runs, "run")}, below ${rateText(rate)}`,
    at: (px, py) => runsOfAngle(Math.atan2(cy - py, px - cx), failures),
    set: (value) => sheet.set({ runs: value }),
  }));
  sheet.tell({
    rare:
      `${failures === 0 ? "No failure" : plural(failures, "failure")} in ${plural(runs, "run")}: the failure rate is below ${rateText(rate)} (95% confidence).` +
      (failures === 0 ? threeOverN(runs) : ` To show less than 1%, it takes ${count(runsNeeded(0.01, 0.95, failures))} runs with no more failures than that.`),
  });
}

/** The short cut, where it is one. */
function threeOverN(runs) {
  return runs < 30 ? " For so few runs, 3 / n is too rough." : ` Or in your head: 3 / ${count(runs)} = ${rateText(3 / runs)}.`;
}

/** Return how many runs put the needle nearest to an angle. */
function runsOfAngle(angle, failures) {
  const rate = Math.exp(Math.log(DIAL[0]) + (1 - Math.min(Math.PI, Math.max(0, angle)) / Math.PI) * (Math.log(DIAL[1]) - Math.log(DIAL[0])));
  return rate >= 1 ? 1 : Math.min(MOST_BELL, runsNeeded(rate, 0.95, failures));
}

function rateText(rate) {
  const percent = 100 * rate;
  return `${Number(percent.toPrecision(percent < 1 ? 1 : 2))}%`;
}
