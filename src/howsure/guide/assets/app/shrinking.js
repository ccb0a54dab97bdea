// Chapter 5: two kinds of luck in one error bar, and what money on each of them buys.

const CHECKPOINTS = 4;
const MOST_MONEY = 16;
const TWELVE = 12;
/** By how much a new seed of training moves the chance of a question, on the logit scale; a chance of 0 or 1 counts as so near to it. */
const [SEEDS_MOVE, NEAREST] = [1, 0.03];
const [MOST_ROUNDS, MOST_SEEDS] = [500, 99];

const shrinking = {
  values: { model: 0, luck: 30, attempts: 1, items: 100, remedy: "none", money: 4, whole: false },

  guess: {
    kind: "pick",
    ask: () => "Which makes the error bar shorter: every question asked ten times as often, or twice as many questions?",
    options: () => [["attempts", "ten times the attempts"], ["items", "twice the questions"]],
    possible: ({ board, values }) => board.meanIn(values.model, values.whole).se > 0,
    truth: (sheet) => (seOf(partsOf(spreadOf(sheet), 1, 10 * spreadOf(sheet).attempts, "none")) < seOf(partsOf(spreadOf(sheet), 2, spreadOf(sheet).attempts, "none")) ? "attempts" : "items"),
    told: (sheet, truth) => {
      const spread = spreadOf(sheet);
      const [now, attempts, items] = [[1, 1], [1, 10], [2, 1]].map(([n, k]) => seOf(partsOf(spread, n, k * spread.attempts, "none")));
      return `${truth === "items" ? "Twice the questions" : "Ten times the attempts"}. Of the error bar, ten times the attempts leave ${share(attempts / now)}, twice the questions ${share(items / now)}.`;
    },
  },

  fit(sheet, board) {
    sheet.offerModels("model");
    Object.assign(sheet.state, { seed: freshSeed(), rounds: [0] });
    sheet.limit("items", { min: 10, max: Math.max(2000, 8 * board.items), step: 10 });
    return { model: board.a, items: Math.max(10, Math.round(board.items / 10) * 10), attempts: 10 };
  },

  ask: ({ state }) => askAgain(state, state.rounds.at(-1)),
  train: ({ state }) => askAgain(state, state.rounds.at(-1) + 1),
  restart({ state }) {
    Object.assign(state, { seed: freshSeed(), rounds: [0] });
  },

  draw(sheet) {
    const spread = spreadOf(sheet);
    if (spread === null) return tellNoSpread(sheet);
    sheet.part("unknown", !spread.known);
    drawTwelve(sheet, spread);
    drawParts(sheet, spread);
    drawMoney(sheet, spread);
    sheet.tell({ known: knownText(sheet, spread) });
  },
};

/** What one question adds to the variance: by the draw of questions, and by the luck of one answer; null where one question or cluster is all there is. */
function spreadOf(sheet) {
  const { board, values } = sheet;
  const { se, n, value } = board.meanIn(values.model, values.whole);
  if (se === null) return null;
  const [total, attempts] = [n * se * se, board.attempts[values.model]];
  const known = board.within[values.model];
  if (known === null) limitLuck(sheet, value * (1 - value), total);
  const answer = known ?? (total * values.luck) / 100;
  return { n, attempts, answer, question: Math.max(total - answer / attempts, 0), known: known !== null };
}

/** Answers that are right or wrong can't vary more than p (1 − p): that is the most that can be supposed of their luck. */
function limitLuck(sheet, most, total) {
  const max = Math.max(5, Math.min(95, 5 * Math.floor((20 * most) / (total || 1))));
  sheet.limit("luck", { min: 0, max, step: 5 });
  sheet.values.luck = Math.min(sheet.values.luck, max);
}

function tellNoSpread(sheet) {
  for (const name of ["twelve", "parts", "curves"]) sheet.picture(name, 10, "Nothing to draw.");
  sheet.tell({ known: "One question, or one cluster of them, says nothing about how far others would lie from it.", said: "No error bar, nothing to shrink.", money: "", twelve: "One question isn’t twelve.", chances: "" });
}

function askAgain({ rounds }, seed) {
  if (rounds.length < MOST_ROUNDS) rounds.push(Math.min(seed, MOST_SEEDS - 1));
}

/**
 * The chances of twelve questions, easiest first: spread over the averages that there are, or, where each question has one answer, over
 * the beta distribution with that score whose mean p (1 − p) is the luck that the slider supposes.
 */
function twelveChances({ board, values }, { answer, known }) {
  const { values: scores } = board.answered(values.model);
  const places = Array.from({ length: Math.min(TWELVE, scores.length) }, (_, k, all) => 1 - (k + 0.5) / Math.min(TWELVE, scores.length));
  if (known) {
    const sorted = Float64Array.from(scores).sort();
    return places.map((place) => sorted[Math.floor(place * sorted.length)]);
  }
  const rate = total(scores) / scores.length;
  const luck = Math.min(0.99, answer / (rate * (1 - rate) || 1));
  if (luck < 0.01 || rate === 0 || rate === 1) return places.map((place) => (place > 1 - rate ? 1 : 0));
  const strength = luck / (1 - luck);
  return places.map((place) => distributions.betaQuantile(place, rate * strength, (1 - rate) * strength));
}

/** The chances after another seed of training: each moved on the logit scale by a draw of its own. */
function retrained(chances, seed, nth) {
  if (nth === 0) return chances;
  const random = randomOf(seedAfter(seed, 2 * nth + 1));
  return chances.map((chance) => {
    const within = Math.min(1 - NEAREST, Math.max(NEAREST, chance));
    return 1 / (1 + Math.exp(-Math.log(within / (1 - within)) - SEEDS_MOVE * drawNormal(random)));
  });
}

/** All rounds so far: of which training, with which chances, and which questions were right; which ever changed. */
function roundsOf({ seed, rounds }, chances) {
  const trained = Array.from({ length: rounds.at(-1) + 1 }, (_, nth) => retrained(chances, seed, nth));
  const all = rounds.map((training, nth) => {
    const random = randomOf(seedAfter(seed, 2 * nth));
    return { training, right: trained[training].map((chance) => random() < chance) };
  });
  const changed = chances.map((_, k) => all.some(({ right }) => right[k] !== all[0].right[k]));
  return { trained, all, changed, scores: all.map(({ right }) => right.filter(Boolean).length) };
}

/** Draw twelve questions, a column each, and below them a row a round, the newest on top. */
function drawTwelve(sheet, spread) {
  const chances = twelveChances(sheet, spread);
  const told = roundsOf(sheet.state, chances);
  const { narrow } = sheet;
  const [rows, row, head] = narrow ? [7, 19, 46] : [8, 22, 52];
  const text = twelveText(told, chances.length);
  const { svg, width } = sheet.picture("twelve", head + rows * row + 26, text);
  const [left, right] = narrow ? [72, width - 34] : [110, width - 90];
  const cell = Math.min(56, (right - left) / chances.length);
  const at = (k) => left + cell * k;
  svg.append(...chanceBars(told.trained, chances, at, cell, head));
  const shown = told.all.slice(-rows).reverse();
  svg.append(emptyCells([shown.length, rows], chances.length, at, cell, row, head), ...cellsOf(shown, at, cell, row, head));
  shown.forEach(({ training, right: each }, nth) => {
    const y = head + row * nth + row / 2 + 4;
    const name = roundName(told.all.length - nth, training, shown[nth - 1]?.training, told.trained.length);
    const n = each.filter(Boolean).length;
    if (name) svg.append(textAt(left - 10, y, name, `end ${nth ? "tick" : "strong"}`));
    svg.append(textAt(at(chances.length) + 10, y, narrow ? count(n) : `${count(n)} of ${chances.length}`, nth ? "tick" : "strong"));
    if (nth && training !== shown[nth - 1].training) svg.append(lineAt(left - 56, head + row * nth, at(chances.length) + 20, head + row * nth, "zero"));
  });
  const foot = head + rows * row + 14;
  svg.append(rectAt(left - 3, head - 1, cell * chances.length + 6, row + 2, "newest"));
  svg.append(textAt(left - 10, foot + 4, "flickered", "end tick"), textAt(at(chances.length) + 10, foot + 4, count(told.changed.filter(Boolean).length), "strong"));
  svg.append(dotsAt(chances.flatMap((_, k) => (told.changed[k] ? [[at(k + 0.5), foot]] : [])), 4, "ring"), dotsAt(chances.flatMap((_, k) => (told.changed[k] ? [] : [[at(k + 0.5), foot]])), 1.5, "same"));
  sheet.tell({ twelve: text, chances: chancesText(sheet, spread, told.trained.length > 1) });
}

function roundName(number, training, above, trainings) {
  if (trainings > 1) return training === above ? "" : `seed ${training + 1}`;
  return above === undefined ? "now" : `round ${number}`;
}

/** The chance of each question above its column; a thin line where it was before another training. */
function chanceBars(trained, chances, at, cell, head) {
  const [top, high, wide] = [6, head - 14, Math.min(18, cell - 5)];
  const bars = trained.at(-1).flatMap((chance, k) => {
    const x = at(k + 0.5) - wide / 2;
    const before = trained.length > 1 ? [lineAt(x - 2, top + high * (1 - chances[k]), x + wide + 2, top + high * (1 - chances[k]), "mark")] : [];
    const bar = rectAt(x, top + high * (1 - chance), wide, high * chance, "block");
    bar.append(shape("title", {}, `chance of a right answer: ${share(chance)}`));
    return [rectAt(x, top, wide, high, "block faint"), bar, ...before];
  });
  return [textAt(at(0) - 10, top + high / 2 + 4, "chance", "end tick"), ...bars];
}

/** Where the rounds to come will be. */
function emptyCells([from, to], n, at, cell, row, head) {
  const cells = Array.from({ length: (to - from) * n }, (_, k) => `M${(at(k % n) + 1.5).toFixed(1)},${head + row * (from + Math.floor(k / n)) + 2}h${(cell - 3).toFixed(1)}v${row - 4}h${(3 - cell).toFixed(1)}z`);
  return shape("path", { d: cells.join(""), class: "cells empty" });
}

/** The answers: blue is right; orange, with a cross, is wrong; those of earlier rounds are paler. */
function cellsOf(shown, at, cell, row, head) {
  const kinds = { "cells right": "", "cells wrong": "", "cells right past": "", "cells wrong past": "", crosses: "" };
  const [wide, high] = [cell - 3, row - 4];
  shown.forEach(({ right }, nth) => right.forEach((yes, k) => {
    const [x, y] = [at(k) + 1.5, head + row * nth + 2];
    kinds[`cells ${yes ? "right" : "wrong"}${nth ? " past" : ""}`] += `M${x.toFixed(1)},${y}h${wide.toFixed(1)}v${high}h${(-wide).toFixed(1)}z`;
    if (!yes) kinds.crosses += `M${(x + wide / 2 - 3).toFixed(1)},${y + high / 2 - 3}l6,6m0,-6l-6,6`;
  }));
  return Object.entries(kinds).map(([kind, d]) => shape("path", { d, class: kind }));
}

function twelveText({ trained, all, changed, scores }, n) {
  const flickered = changed.filter(Boolean).length;
  if (all.length === 1) return `This time the model is right on ${count(scores[0])} of these ${count(n)}. Ask the same questions again.`;
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const range = low === high ? `always ${count(low)} of ${count(n)}` : `${count(low)} to ${count(high)} of ${count(n)}`;
  if (trained.length === 1) return `Asked ${plural(all.length, "time")}: ${count(flickered)} of the ${count(n)} flickered between right and wrong, ${count(n - flickered)} never did. Right: ${range}.`;
  const ends = trained.map((chances) => fixed(total(chances), 1));
  const settled = ends.length < 5 ? `${ends.slice(0, -1).join(", ")} and ${ends.at(-1)}` : `${ends.reduce((one, other) => (+other < +one ? other : one))} to ${ends.reduce((one, other) => (+other > +one ? other : one))}`;
  return `${plural(all.length, "round")}, ${count(trained.length)} seeds: ${count(flickered)} of the ${count(n)} flickered. Right: ${range}. Asked without end, these twelve would average ${settled}, seed by seed: asking can’t average out the training.`;
}

function chancesText({ values }, { known, attempts }, trained) {
  const source = known ? `from ${count(attempts)} attempts at each` : `supposed, with ${count(values.luck)}% luck`;
  return `Chances: ${source}.${trained ? ` Seeds move them (supposed: as from 50% to 27 or 73%).` : ""}`;
}

/** The two parts of the variance of a score with so many questions and attempts. */
function partsOf({ question, answer }, items, attempts, remedy) {
  const shrunk = { none: 1, probabilities: 0, checkpoints: 1 / CHECKPOINTS }[remedy];
  return [question / items, (shrunk * answer) / (attempts * items)];
}

function seOf(parts) {
  return Math.sqrt(parts[0] + parts[1]);
}

function knownText({ board, values }, { known, answer, question, attempts }) {
  const name = board.names[values.model];
  if (known) return `${name} answered each question ${count(attempts)} times, so the two can be separated: of the variance of its score, ${share(question / (question + answer / attempts))} came from the questions.`;
  return `${name} answered each question once, so nobody can separate the two. Here ${count(values.luck)}% of the variance is assumed to be luck of the answers: slide it.`;
}

function drawParts(sheet, spread) {
  const { values } = sheet;
  const now = partsOf(spread, spread.n, spread.attempts, "none");
  const then = partsOf(spread, values.items, values.attempts, values.remedy);
  const [before, after] = [seOf(now), seOf(then)];
  const { svg, width, narrow } = sheet.picture("parts", 130, `Standard error now ${gap(before, true)}, then ${gap(after, true)}.`);
  const left = narrow ? 44 : 60;
  const x = scaleOf([0, Math.max(now[0] + now[1], then[0] + then[1])], [left, width - 128]);
  [["now", now, before], ["then", then, after]].forEach(([name, parts, se], row) => {
    const y = 14 + 56 * row;
    const end = x(parts[0] + parts[1]);
    svg.append(
      textAt(left - 8, y + 25, name, "end"),
      rectAt(left, y, x(parts[0]) - left, 40, "block"),
      rectAt(x(parts[0]), y, end - x(parts[0]), 40, "block other"),
      ...nameInside([left, x(parts[0])], y + 25, "which questions"),
      ...nameInside([x(parts[0]), end], y + 25, "which answers"),
      textAt(end + 8, y + 25, `SE ${gap(se, true)}`, "strong"),
    );
  });
  sheet.tell({ said: `${plural(values.items, "question")}, ${attemptsText(values)}: the standard error ${changeText(before, after)}. With endless attempts it would be ${gap(Math.sqrt(then[0]), true)}.` });
}

/** Say how a standard error changes: from one number to another, or by how much of itself if both are written alike. */
function changeText(before, after) {
  const [one, other] = [gap(before, true), gap(after, true)];
  if (one !== other) return `goes from ${one} to ${other}`;
  const change = before ? after / before - 1 : 0;
  if (Math.abs(change) < 1e-9) return `stays at ${one}`;
  const size = Math.abs(change) < 0.005 ? "less than 1%" : share(Math.abs(change));
  return `of ${one} gets ${size} ${change < 0 ? "shorter" : "longer"}`;
}

/** Write a name into a block that has room for it. */
function nameInside([from, to], y, name) {
  return to - from > 8 * name.length ? [textAt((from + to) / 2, y, name, "middle label onblock")] : [];
}

/** Name the line that attempts can't go below: on the right where it is high, else on the left, where no curve is low. */
function floorName(x, y, floor, high, narrow) {
  const name = narrow ? "the floor" : "the floor: these questions, endless attempts";
  const below = y(floor) + 16 < y(0) - 4;
  return textAt(high ? x.to : x.from + 8, y(floor) + (below ? 16 : -6), name, `small halo${high ? " end" : ""}`);
}

function attemptsText({ attempts, remedy }) {
  return { none: `${plural(attempts, "attempt")} at each`, probabilities: "probabilities in place of answers", checkpoints: `${plural(attempts, "attempt")} by each of ${CHECKPOINTS} checkpoints` }[remedy];
}

function drawMoney(sheet, spread) {
  const { values } = sheet;
  const now = seOf(partsOf(spread, spread.n, spread.attempts, "none"));
  const onAttempts = (times) => seOf(partsOf(spread, spread.n, spread.attempts * times, "none"));
  const onQuestions = (times) => now / Math.sqrt(times);
  const times = values.money;
  const [few, many] = [onAttempts(times), onQuestions(times)];
  const { svg, width, narrow } = sheet.picture("curves", 250, `For ${fixed(times, 1)} times the money: on attempts a standard error of ${gap(few, true)}, on questions ${gap(many, true)}.`);
  const [x, y] = [scaleOf([1, MOST_MONEY], [88, width - 16]), scaleOf([0, now * 1.08], [200, 10])];
  const path = (of) => Array.from({ length: 61 }, (_, k) => 1 + (k / 60) * (MOST_MONEY - 1)).map((at) => [x(at), y(of(at))]);
  const floor = Math.sqrt(spread.question / spread.n);
  for (const tick of roundTicks(0, now * 1.08, 4)) svg.append(lineAt(88, y(tick), width - 16, y(tick), "grid"), textAt(82, y(tick) + 4, gap(tick, true), "tick end"));
  svg.append(lineAt(88, y(floor), width - 16, y(floor), "zero"), lineThrough(path(onAttempts), "other"), lineThrough(path(onQuestions), ""));
  svg.append(textAt(width - 16, y(onAttempts(MOST_MONEY)) - 10, "spent on attempts", "end label orange halo"), textAt(width - 16, y(onQuestions(MOST_MONEY)) + 20, "spent on questions", "end label blue halo"));
  svg.append(floorName(x, y, floor, floor > now / 2, narrow));
  svg.append(bottomAxis(x, 200, { ticks: narrow ? [1, 4, 8, 16] : [1, 2, 4, 8, 16], format: (tick) => `${tick}×`, title: "answers paid for, compared with now" }));
  svg.append(lineAt(x(times), 10, x(times), 200, "zero"), shape("circle", { cx: x(times), cy: y(few), r: 6, class: "dot orange" }));
  const grip = shape("circle", { cx: x(times), cy: y(many), r: 11, class: "grip" });
  svg.append(sheet.handle(grip, "money", {
    label: "How many times the answers of now",
    value: times,
    min: 1,
    max: MOST_MONEY,
    step: 0.5,
    told: `${fixed(times, 1)} times`,
    at: (px) => x.back(px),
    set: (value) => sheet.set({ money: value }),
  }));
  sheet.tell({ money: `For ${times} times the money: ${gap(few, true)} if it goes into attempts, ${gap(many, true)} if it goes into questions.` });
}
