// Chapter 9: a game of peeking, the best of equal models, and the gate.

const [LOOK, LOOKS, CROWD] = [50, 20, 200];
const SIGNIFICANT = 1.959964;
const EQUAL_RATE = 0.7;
const LUCK_RUNS = 400;
const EQUALS_HIGH = 250;

const rigor = {
  values: { models: 20, items: 300, margin: 2, a: 0, b: 1, whole: false },

  fit(sheet) {
    sheet.state = { game: 1, roll: 1, looks: 0, announced: false, crowd: false };
    return sheet.offerPair();
  },

  ask({ state }) {
    if (!state.announced) state.looks = Math.min(LOOKS, state.looks + 1);
  },
  announce({ state }) {
    if (state.looks) state.announced = true;
  },
  anew({ state }) {
    Object.assign(state, { game: state.game + 1, looks: 0, announced: false });
  },
  crowd({ state }) {
    state.crowd = true;
  },
  reroll({ state }) {
    state.roll += 1;
  },

  draw(sheet) {
    drawPeeking(sheet);
    drawEquals(sheet);
    drawGate(sheet);
  },
};

/** One run of two equal models: after each look, how many standard errors they are apart. */
function peekedRun(seed) {
  const random = randomOf(seed);
  const path = [];
  let [sum, squares] = [0, 0];
  for (let look = 0; look < LOOKS; look++) {
    for (let k = 0; k < LOOK; k++) {
      const difference = (random() < EQUAL_RATE ? 1 : 0) - (random() < EQUAL_RATE ? 1 : 0);
      sum += difference;
      squares += difference * difference;
    }
    path.push(sum / Math.sqrt(squares));
  }
  return path;
}

function firstBeyond(path) {
  return path.findIndex((z) => Math.abs(z) > SIGNIFICANT);
}

function drawPeeking(sheet) {
  const { state } = sheet;
  const own = peekedRun(9000 + state.game).slice(0, state.looks);
  const { svg, width, narrow } = sheet.picture("peeking", 300, peekedText(state, own));
  const [x, y] = [scaleOf([0, LOOK * LOOKS], [44, width - 16]), scaleOf([-4, 4], [190, 10])];
  const points = (path) => [[x(0), y(0)], ...path.map((z, k) => [x(LOOK * (k + 1)), y(Math.max(-4, Math.min(4, z)))])];
  if (state.crowd) {
    state.others ??= Array.from({ length: CROWD }, (_, k) => peekedRun(k + 1));
    const stops = state.others.map(firstBeyond);
    svg.append(...manyLines(state.others.map((path, k) => points(stops[k] < 0 ? path : path.slice(0, stops[k] + 1)))));
    svg.append(dotsAt(state.others.filter((_, k) => stops[k] >= 0).map((path) => points(path)[firstBeyond(path) + 1]), 3.5, "wrong"));
  }
  for (const limit of [-SIGNIFICANT, SIGNIFICANT]) svg.append(lineAt(44, y(limit), width - 16, y(limit), "zero"));
  for (const tick of [-2, 0, 2]) svg.append(textAt(38, y(tick) + 4, String(tick).replace("-", "−"), "tick end"));
  svg.append(textAt(width - 16, y(SIGNIFICANT) - 8, "“A is better”", "end label orange halo"), textAt(width - 16, y(-SIGNIFICANT) + 18, "“B is better”", "end label orange halo"));
  svg.append(lineThrough(points(own), "own"), dotsAt(points(own).slice(-1), 5, firstBeyond(own.slice(-1)) < 0 ? "right" : "wrong"));
  svg.append(bottomAxis(x, 190, { ticks: [0, 250, 500, 750, 1000], title: "questions asked" }), textAt(44, 14, narrow ? "standard errors apart" : "how far apart, in standard errors", "small"));
  svg.append(...peekersBars(state, width));
  sheet.tell({ peeked: peekedText(state, own), tally: tallyText() });
}

/** How many of the others found a winner: by looking every time, and by looking once; as questions until they have played. */
function peekersBars({ crowd, others }, width) {
  const [left, scale] = [128, scaleOf([0, 1], [128, width - 60])];
  const shares = crowd ? [shareOf(others, (path) => firstBeyond(path) >= 0), shareOf(others, (path) => Math.abs(path.at(-1)) > SIGNIFICANT)] : [null, null];
  return ["look every time", "look once"].flatMap((name, row) => {
    const [y, found] = [250 + 26 * row, shares[row]];
    const end = scale(found ?? 0);
    return [
      textAt(left - 8, y + 14, name, "end"),
      rectAt(left, y, scale.to - left, 20, "block faint"),
      rectAt(left, y, end - left, 20, row ? "block" : "block other"),
      textAt(end + 8, y + 15, found === null ? "?" : `${share(found)} find a “winner”`, "label"),
    ];
  });
}

function shareOf(paths, holds) {
  return paths.filter(holds).length / paths.length;
}

function manyLines(paths) {
  return [shape("path", { d: paths.map((path) => path.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("")).join(""), class: "curve hair" })];
}

function peekedText({ looks, announced, crowd, others }, own) {
  const told = crowd && others ? crowdText(others) : "";
  if (!looks) return `No question yet. ${told}`;
  const beyond = Math.abs(own.at(-1)) > SIGNIFICANT;
  const now = `After ${count(LOOK * looks)} questions they are ${fixed(Math.abs(own.at(-1)), 1)} standard errors apart: ${beyond ? "significant, says this look." : "not significant."}`;
  if (announced) return `${beyond ? "You announced a winner among two equals. It took patience, not evidence." : "You announced a winner without evidence."} ${told}`;
  if (looks === LOOKS) return `${now} That was the last look${beyond ? "" : ": you kept your word, and found nothing, rightly"}. ${told}`;
  return `${now} ${told}`;
}

function crowdText(others) {
  const peeking = others.filter((path) => firstBeyond(path) >= 0).length;
  const patient = others.filter((path) => Math.abs(path.at(-1)) > SIGNIFICANT).length;
  return `Of ${CROWD} others who looked every time, ${count(peeking)} found a “winner”. Had they looked once, at the end: ${count(patient)}.`;
}

/** The scores of so many equal models on so many questions, best first. */
function equalScores(random, models, items) {
  const right = () => {
    let sum = 0;
    for (let k = 0; k < items; k++) sum += random() < EQUAL_RATE ? 1 : 0;
    return sum / items;
  };
  return Array.from({ length: models }, right).sort((one, other) => other - one);
}

/** How far the best of equal models lies above the truth, on average over many runs; by normal draws, which are as good here. */
function luckOfBest(models, items) {
  const random = randomOf(5);
  const se = Math.sqrt((EQUAL_RATE * (1 - EQUAL_RATE)) / items);
  let sum = 0;
  for (let run = 0; run < LUCK_RUNS; run++) {
    let best = -Infinity;
    for (let m = 0; m < models; m++) best = Math.max(best, drawNormal(random));
    sum += best;
  }
  return (se * sum) / LUCK_RUNS;
}

function drawEquals(sheet) {
  const { models, items } = sheet.values;
  const scores = equalScores(randomOf(100 + sheet.state.roll), models, items);
  const luck = luckOfBest(models, items);
  const se = Math.sqrt((EQUAL_RATE * (1 - EQUAL_RATE)) / items);
  const { svg, width, narrow } = sheet.picture("equals", EQUALS_HIGH + 70, `The best of ${models} equal models scores ${score(scores[0], true)}.`);
  const x = scaleOf(bounds([scores[0] + 2 * se, scores.at(-1) - 2 * se, EQUAL_RATE], 0.01), [16, width - 16]);
  const [top, row] = [34, Math.min(16, EQUALS_HIGH / models)];
  svg.append(lineAt(x(EQUAL_RATE), 22, x(EQUAL_RATE), EQUALS_HIGH + 26, "zero"), textAt(x(EQUAL_RATE) - 6, 14, "truth: 70%", "end label"), textAt(x(EQUAL_RATE) + 6, 14, `${narrow ? "luck" : "the winner’s luck"}: +${gap(scores[0] - EQUAL_RATE, true)}`, "label orange"));
  scores.forEach((value, k) => {
    const [y, kind] = [top + row * k, k ? "" : "orange"];
    svg.append(lineAt(x(value - SIGNIFICANT * se), y, x(value + SIGNIFICANT * se), y, "range thin"), shape("circle", { cx: x(value), cy: y, r: Math.min(5, row * 0.45), class: `dot ${kind}` }));
  });
  svg.append(lineAt(x(EQUAL_RATE), top, x(scores[0]), top, "luck"));
  svg.append(bottomAxis(x, EQUALS_HIGH + 26, { format: percentTick, title: "score" }));
  sheet.tell({
    equals: `The best of ${models} equals scores ${score(scores[0], true)}, the worst ${score(scores.at(-1), true)}. On average the winner’s score is ${gap(luck, true)} too high: that much is luck.`,
  });
}

function drawGate(sheet) {
  const { board, values } = sheet;
  const { a, b, codes } = board.shared(values.a, values.b, values.whole);
  if (values.a === values.b || a.length < 2) {
    sheet.picture("gate", 10, "Nothing to judge.");
    sheet.tell({ gated: "Choose two models that answered two questions or more in common." });
    return;
  }
  const gate = gateOf(a, b, codes, values.margin / 100);
  drawVerdict(sheet, gate, "gate");
  sheet.tell({ gated: gateText(sheet, gate) });
}
