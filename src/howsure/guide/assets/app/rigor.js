// Chapter 9: a game of peeking, the best of equal models, and the gate.

const [LOOK, LOOKS, CROWD] = [50, 20, 1000];
const SIGNIFICANT = 1.959964;
const EQUAL_RATE = 0.7;
const LUCK_RUNS = 400;

const rigor = {
  values: { models: 20, items: 300, margin: 2, a: 0, b: 1, whole: false, code: "" },

  guess: {
    kind: "range",
    ends: [0, CROWD, 10],
    unit: " players",
    ask: () => "A thousand others play, and look every time. How many of them will find a “winner”? Mark a range that you are fairly sure of.",
    reveal: letPlay,
    truth: ({ state }) => state.others.peeking,
    told: (_, truth) => `${count(truth)} of a thousand found a “winner”.`,
  },

  fit(sheet) {
    beginGames(sheet, freshSeed());
    return sheet.offerPair();
  },

  ask({ state }) {
    if (!state.announced) state.looks = Math.min(LOOKS, state.looks + 1);
  },
  announce({ state }) {
    if (state.looks) state.announced = true;
  },
  anew({ state }) {
    Object.assign(state, { ...talliedGames(state, state.looks > 0), game: state.game + 1, looks: 0, announced: false });
  },
  crowd: letPlay,
  reroll({ state }) {
    state.roll += 1;
  },

  draw(sheet) {
    const { state, values } = sheet;
    if (state.code !== values.code) beginGames(sheet, state.seed);
    const { looks, announced, game, crowds, roll, seed } = sheet.state;
    onChange(sheet, "peeking", [looks, announced, game, crowds, values.code, seed], drawPeeking);
    onChange(sheet, "equals", [values.models, values.items, roll, values.code, seed], drawEquals);
    closeButtons(sheet);
    drawGate(sheet);
    sheet.tell({ tally: guessesText() });
  },
};

/** Nothing is asked after the last look, and there is nothing to announce before the first, or twice. */
function closeButtons({ root, state: { looks, announced, beyond } }) {
  const close = (name, closed) => { root.querySelector(`[data-do=${name}]`).disabled = closed; };
  close("ask", announced || looks === LOOKS);
  close("announce", announced || looks === 0 || (looks === LOOKS && !beyond));
}

function letPlay(sheet) {
  const { state } = sheet;
  state.crowds += 1;
  state.others = crowdOf(seedFor(sheet, "crowd", state.crowds));
}

/** Begin with no game played. The games of a class that has a code are the same for all, those of others are new each time. */
function beginGames(sheet, seed) {
  sheet.state = { seed, code: sheet.values.code, game: 0, roll: 0, crowds: 0, looks: 0, announced: false, played: 0, winners: 0, others: null, drawn: {} };
}

const STREAMS = { game: 0, crowd: 1, equals: 2 };

/** Return the seed of the nth game, crowd or set of equals. */
function seedFor({ state, values }, stream, nth) {
  return seedAfter(values.code ? seedOfCode(values.code) : state.seed, 3 * nth + STREAMS[stream]);
}

/** Draw a picture only if what it shows has changed, or its width: a crowd isn't drawn anew for each step of a slider below. */
function onChange(sheet, name, shown, draw) {
  const now = [sheet.root.clientWidth, ...shown].join(" ");
  if (sheet.state.drawn[name] === now) return;
  sheet.state.drawn[name] = now;
  draw(sheet);
}

/** The games that the player has finished, and the winners announced in them. */
function talliedGames({ played, winners, announced, looks }, ended = announced || looks === LOOKS) {
  return { played: played + (ended ? 1 : 0), winners: winners + (announced ? 1 : 0) };
}

/** What a look at 50 questions can find, with the chance that it is found or something before it: on how many one of the two did better, and how many more of these were A's. */
const FOUND = foundInALook();

function foundInALook() {
  const differ = 2 * EQUAL_RATE * (1 - EQUAL_RATE);
  const [apart, ahead, until] = [[], [], []];
  let [sum, some] = [0, (1 - differ) ** LOOK];
  for (let n = 0; n <= LOOK; n++) {
    let chance = some * 0.5 ** n;
    for (let k = 0; k <= n; k++) {
      apart.push(n);
      ahead.push(2 * k - n);
      until.push(sum += chance);
      chance *= (n - k) / (k + 1);
    }
    some *= (differ * (LOOK - n)) / ((1 - differ) * (n + 1));
  }
  return { apart, ahead, until: Float64Array.from(until) };
}

/** A run of two equal models: after each look, how many standard errors they are apart. One draw makes a look. */
function playedRun(random) {
  const path = new Float64Array(LOOKS);
  let [sum, apart] = [0, 0];
  for (let look = 0; look < LOOKS; look++) {
    const drawn = random();
    let [low, high] = [0, FOUND.until.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (FOUND.until[middle] > drawn) high = middle;
      else low = middle + 1;
    }
    sum += FOUND.ahead[low];
    apart += FOUND.apart[low];
    path[look] = sum / Math.sqrt(apart || 1);
  }
  return path;
}

function firstBeyond(path) {
  return path.findIndex((z) => Math.abs(z) > SIGNIFICANT);
}

/** A thousand others: their runs, at which look each found a winner, and how many did, by looking every time and by looking once. */
function crowdOf(seed) {
  const random = randomOf(seed);
  const paths = Array.from({ length: CROWD }, () => playedRun(random));
  const stops = paths.map(firstBeyond);
  return { paths, stops, peeking: stops.filter((stop) => stop >= 0).length, patient: paths.filter((path) => Math.abs(path[LOOKS - 1]) > SIGNIFICANT).length };
}

function drawPeeking(sheet) {
  const { narrow, state } = sheet;
  const own = [...playedRun(randomOf(seedFor(sheet, "game", state.game)))].slice(0, state.looks);
  state.beyond = state.looks > 0 && Math.abs(own.at(-1)) > SIGNIFICANT;
  const floor = narrow ? 142 : 214;
  const { svg, width } = sheet.picture("peeking", floor + (narrow ? 82 : 96), `${peekedText(state, own)} ${othersText(state)}`);
  const [x, y] = [scaleOf([0, LOOK * LOOKS], [44, width - 16]), scaleOf([-4, 4], [floor, 22])];
  const place = (z, look) => [x(LOOK * (look + 1)), y(Math.max(-4, Math.min(4, z)))];
  if (state.others) svg.append(...crowdAt(state, width, () => crowdShapes(state.others, [x(0), y(0)], place)));
  for (const limit of [-SIGNIFICANT, SIGNIFICANT]) svg.append(lineAt(44, y(limit), width - 16, y(limit), "zero"));
  for (const tick of [-2, 0, 2]) svg.append(textAt(38, y(tick) + 4, String(tick).replace("-", "−"), "tick end"));
  svg.append(textAt(width - 16, y(SIGNIFICANT) - 7, "“A is better”", "end label orange halo"), textAt(width - 16, y(-SIGNIFICANT) + 17, "“B is better”", "end label orange halo"));
  const points = [[x(0), y(0)], ...own.map(place)];
  svg.append(lineThrough(points, "own halo-line"), lineThrough(points, "own"), dotsAt(points.slice(-1), 6, firstBeyond(own.slice(-1)) < 0 ? "right" : "wrong"));
  svg.append(bottomAxis(x, floor, { ticks: [0, 250, 500, 750, 1000], title: narrow ? "" : "questions asked" }), textAt(44, 14, narrow ? "standard errors apart, by questions asked" : "how far apart, in standard errors", "small"));
  svg.append(...peekersBars(state, width, floor + (narrow ? 28 : 44)));
  sheet.tell({ peeked: peekedText(state, own), others: othersText(state) });
}

/** The shapes of a crowd, made once: they are the same in every picture of that width. */
function crowdAt(state, width, made) {
  if (state.shapes?.others !== state.others || state.shapes.width !== width) state.shapes = { others: state.others, width, all: made() };
  return state.shapes.all;
}

/** The runs of the others as two shapes, those that found a winner and those that didn't, and a dot where each of the first stopped. */
function crowdShapes({ paths, stops }, [left, middle], place) {
  const [lines, ends] = [{ patient: [], found: [] }, []];
  paths.forEach((path, k) => {
    const last = stops[k] < 0 ? LOOKS - 1 : stops[k];
    let line = `M${left},${middle}`;
    for (let look = 0; look <= last; look++) {
      const [px, py] = place(path[look], look);
      line += `L${px.toFixed(1)},${py.toFixed(1)}`;
    }
    lines[stops[k] < 0 ? "patient" : "found"].push(line);
    if (stops[k] >= 0) ends.push(place(path[last], last));
  });
  return [...Object.entries(lines).map(([kind, each]) => shape("path", { d: each.join(""), class: `crowd ${kind}` })), dotsAt(ends, 2.5, "wrong")];
}

/** How many of the others found a winner: by looking every time, and by looking once; question marks until they have played. */
function peekersBars({ others }, width, top) {
  const left = 116;
  const scale = scaleOf([0, CROWD], [left, width - 16]);
  const rows = [["look every time", others?.peeking, "block other"], ["look once", others?.patient, "block"]];
  return rows.flatMap(([name, found, kind], row) => {
    const [y, end] = [top + 26 * row, scale(found ?? 0)];
    return [
      textAt(left - 8, y + 15, name, "end"),
      rectAt(left, y, scale.to - left, 20, "block faint"),
      rectAt(left, y, end - left, 20, kind),
      textAt(end + 8, y + 15, found === undefined ? "?" : `${count(found)} ${width < 480 ? "“winners”" : "find a “winner”"}`, "label"),
    ];
  });
}

function peekedText(state, own) {
  const { looks, announced } = state;
  const tally = tallyText(talliedGames(state));
  if (!looks) return `No question yet: ask the first fifty. ${tally}`;
  const beyond = Math.abs(own.at(-1)) > SIGNIFICANT;
  const now = `After ${count(LOOK * looks)} questions they are ${fixed(Math.abs(own.at(-1)), 1)} standard errors apart: ${beyond ? "significant, says this look." : "not significant."}`;
  if (announced) return `${beyond ? "You announced a winner among two equals. It took patience, not evidence." : "You announced a winner without evidence."} ${tally}`;
  if (looks === LOOKS) return `${now} That was the last look${beyond ? "" : ": you found nothing, rightly"}. ${tally}`;
  return `${now} ${tally}`;
}

function tallyText({ played, winners }) {
  if (!played) return "";
  return `${plural(played, "game")}: you announced ${winners ? plural(winners, "winner") : "no winner"} among equals.`;
}

function othersText({ others }) {
  return others ? `Of a thousand who looked every time, ${count(others.peeking)} found a “winner”. Had the same thousand looked once, at the end: ${count(others.patient)}.` : "";
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
  const scores = equalScores(randomOf(seedFor(sheet, "equals", sheet.state.roll)), models, items);
  const luck = luckOfBest(models, items);
  const se = Math.sqrt((EQUAL_RATE * (1 - EQUAL_RATE)) / items);
  const high = sheet.narrow ? 180 : 250;
  const { svg, width, narrow } = sheet.picture("equals", high + 70, `The best of ${models} equal models scores ${score(scores[0], true)}.`);
  const x = scaleOf(bounds([scores[0] + 2 * se, scores.at(-1) - 2 * se, EQUAL_RATE], 0.01), [16, width - 16]);
  const [truth, won] = ["truth: 70%", `${narrow ? "luck" : "the winner’s luck"}: ${signed(scores[0] - EQUAL_RATE, true)}`];
  const middle = Math.max(textWidth(truth) + 6, Math.min(width - textWidth(won) - 6, x(EQUAL_RATE)));
  const [top, row] = [34, Math.min(16, (high - 16) / (models - 1))];
  svg.append(lineAt(x(EQUAL_RATE), 22, x(EQUAL_RATE), high + 26, "zero"), textAt(middle - 6, 14, truth, "end label"), textAt(middle + 6, 14, won, "label orange"));
  scores.forEach((value, k) => {
    const [y, kind] = [top + row * k, k ? "" : "orange"];
    svg.append(lineAt(x(value - SIGNIFICANT * se), y, x(value + SIGNIFICANT * se), y, "range thin"), shape("circle", { cx: x(value), cy: y, r: Math.min(5, row * 0.45), class: `dot ${kind}` }));
  });
  svg.append(lineAt(x(EQUAL_RATE), top, x(scores[0]), top, "luck"));
  svg.append(bottomAxis(x, high + 26, { format: percentTick, title: "score" }));
  sheet.tell({
    equals: `The best of ${models} equals scores ${score(scores[0], true)}, the worst ${score(scores.at(-1), true)}. On average the winner’s score is ${gap(luck, true)} too high: that much is luck.`,
  });
}

function drawGate(sheet) {
  const { board, values } = sheet;
  const shared = board.shared(values.a, values.b, values.whole);
  if (!hasPair(board, values)) {
    sheet.picture("gate", 10, "Nothing to judge.");
    sheet.tell({ gated: NO_PAIR });
    return;
  }
  const gate = gateOf(shared, values.margin / 100);
  drawVerdict(sheet, gate, "gate");
  sheet.tell({ gated: gateText(sheet, gate) });
}
