// Chapter 5: two kinds of luck in one error bar, and what money on each of them buys.

const CHECKPOINTS = 4;
const MOST_MONEY = 16;

const shrinking = {
  values: { model: 0, luck: 30, attempts: 1, items: 100, remedy: "none", money: 4 },

  guess: {
    kind: "pick",
    ask: () => "Which makes the error bar shorter: every question asked ten times as often, or twice as many questions?",
    options: () => [["attempts", "ten times the attempts"], ["items", "twice the questions"]],
    truth: (sheet) => (seOf(partsOf(spreadOf(sheet), 1, 10 * spreadOf(sheet).attempts, "none")) < seOf(partsOf(spreadOf(sheet), 2, spreadOf(sheet).attempts, "none")) ? "attempts" : "items"),
    told: (sheet, truth) => {
      const spread = spreadOf(sheet);
      const [now, attempts, items] = [[1, 1], [1, 10], [2, 1]].map(([n, k]) => seOf(partsOf(spread, n, k * spread.attempts, "none")));
      return `${truth === "items" ? "Twice the questions" : "Ten times the attempts"}. Of the error bar, ten times the attempts leave ${share(attempts / now)}, twice the questions ${share(items / now)}.`;
    },
  },

  fit(sheet, board) {
    sheet.offerModels("model");
    sheet.limit("items", { min: 10, max: Math.max(2000, 8 * board.items), step: 10 });
    return { model: board.a, items: Math.round(board.items / 10) * 10, attempts: 10 };
  },

  draw(sheet) {
    const spread = spreadOf(sheet);
    if (spread === null) return tellNoSpread(sheet);
    sheet.part("unknown", !spread.known);
    drawParts(sheet, spread);
    drawMoney(sheet, spread);
    sheet.tell({ known: knownText(sheet, spread) });
  },
};

/** What one question adds to the variance: by the draw of questions, and by the luck of one answer; null where one question or cluster is all there is. */
function spreadOf({ board, values }) {
  const { se, n } = board.mean(values.model, { clustered: true });
  if (se === null) return null;
  const [total, attempts] = [n * se * se, board.attempts[values.model]];
  const known = board.within[values.model];
  const answer = known ?? (total * values.luck) / 100;
  return { n, attempts, answer, question: Math.max(total - answer / attempts, 0), known: known !== null };
}

function tellNoSpread(sheet) {
  for (const name of ["parts", "curves"]) sheet.picture(name, 10, "Nothing to draw.");
  sheet.tell({ known: "One question, or one cluster of them, says nothing about how far others would lie from it.", said: "No error bar, nothing to shrink.", money: "" });
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
  if (known) return `${name} answered each question ${count(attempts)} times, so both can be told apart: of the variance of its score, ${share(question / (question + answer / attempts))} came from the questions.`;
  return `${name} answered each question once, so nobody can tell them apart. Suppose that ${count(values.luck)}% of the variance is luck of the answers: slide it.`;
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
  sheet.tell({ said: `${plural(values.items, "question")}, ${attemptsText(values)}: the standard error goes from ${gap(before, true)} to ${gap(after, true)}. With endless attempts it would be ${gap(Math.sqrt(then[0]), true)}.` });
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
