// Chapter 4: questions in passages, how alike they are inside, and what becomes of the error bar.

const PASSAGE_ITEMS = 48;
const PASSAGE_RATE = 0.6;

const clusters = {
  values: { icc: 0.4, size: 8, model: 0 },

  fit(sheet, board) {
    sheet.offerModels("model");
    sheet.part("real", board.clusters !== null);
    sheet.part("none", board.clusters === null);
  },

  again: (sheet) => sortQuestions(sheet),

  draw(sheet) {
    const { icc, size } = sheet.values;
    if (sheet.state.size !== size) sortQuestions(sheet);
    const answers = passageAnswers(sheet, icc);
    drawPassages(sheet, answers);
    drawPassageBars(sheet, answers);
    const deff = kishEffect(size, icc);
    sheet.tell({ n: PASSAGE_ITEMS, deff: fixed(deff, 1), worth: share(1 / deff) });
    if (sheet.board.clusters !== null) drawRealClusters(sheet);
  },
};

/** Put the questions into passages of one size, in order; the last one may be smaller. */
function sortQuestions(sheet) {
  const { size } = sheet.values;
  const passage = Array.from({ length: PASSAGE_ITEMS }, (_, k) => Math.floor(k / size));
  sheet.state = { size, passage, passages: passage.at(-1) + 1, held: 0 };
}

/**
 * Return an answer a question: right where a normal draw lies low enough, part of which the questions of a passage share. The draws
 * are spread evenly over the normal distribution, so that a few passages show what many would on average.
 */
function passageAnswers(sheet, icc) {
  const { passages, passage } = sheet.state;
  const shared = evenNormals(passages, 11);
  const own = evenNormals(PASSAGE_ITEMS, 5);
  const limit = distributions.normalQuantile(PASSAGE_RATE, 0, 1);
  const home = passage.map((_, k) => Math.floor(k / sheet.state.size));
  return home.map((of, k) => (Math.sqrt(icc) * shared[of] + Math.sqrt(1 - icc) * own[k] < limit ? 1 : 0));
}

function evenNormals(n, seed) {
  return shuffle(randomOf(seed), Array.from({ length: n }, (_, k) => distributions.normalQuantile((k + 0.5) / n, 0, 1)));
}

function drawPassages(sheet, answers) {
  const { passage, passages, held } = sheet.state;
  const wide = sheet.root.querySelector('[data-figure="passages"]').firstElementChild.clientWidth;
  const columns = Math.min(passages, Math.max(4, Math.floor(wide / 110)));
  const [boxWidth, boxHeight] = [wide / columns, 74];
  const rows = Math.ceil(passages / columns);
  const { svg } = sheet.picture("passages", rows * boxHeight + 4, `${PASSAGE_ITEMS} questions in ${plural(passages, "passage")}.`);
  const corner = (p) => [(p % columns) * boxWidth, Math.floor(p / columns) * boxHeight];
  const inside = Array.from({ length: passages }, () => 0);
  for (let p = 0; p < passages; p++) svg.append(rectAt(corner(p)[0] + 3, corner(p)[1] + 3, boxWidth - 6, boxHeight - 6, "box"));
  const across = Math.max(1, Math.floor((boxWidth - 16) / 15));
  answers.forEach((right, k) => {
    const [x, y] = corner(passage[k]);
    const nth = inside[passage[k]]++;
    const [cx, cy] = [x + 15 + 15 * (nth % across), y + 16 + 15 * (Math.floor(nth / across) % 4)];
    const dot = shapesIn("g", [shape("circle", { cx, cy, r: 6, class: `grip ${right ? "right" : "wrong"}` })]);
    svg.append(sheet.handle(dot, `question-${k}`, {
      label: `Question ${k + 1}, ${right ? "right" : "wrong"}`,
      value: passage[k],
      min: 0,
      max: passages - 1,
      step: 1,
      told: `in passage ${passage[k] + 1} of ${passages}`,
      at: (px, py) => Math.min(columns - 1, Math.max(0, Math.floor(px / boxWidth))) + columns * Math.min(rows - 1, Math.max(0, Math.floor(py / boxHeight))),
      set: (value) => moveQuestion(sheet, k, value),
    }));
    if (k !== held) dot.setAttribute("tabindex", -1);
  });
  svg.addEventListener("focusin", ({ target }) => { sheet.state.held = Number(target.closest("[data-handle]")?.dataset.handle.slice(9) ?? held); });
  svg.addEventListener("keydown", (event) => chooseQuestion(sheet, event));
}

function moveQuestion(sheet, k, value) {
  sheet.state.passage[k] = Math.min(value, sheet.state.passages - 1);
  sheet.state.held = k;
  sheet.redraw();
}

/** Up and down choose another question; left and right are the handle's. */
function chooseQuestion(sheet, event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  sheet.state.held = (sheet.state.held + step + PASSAGE_ITEMS) % PASSAGE_ITEMS;
  const dot = event.currentTarget.querySelector(`[data-handle="question-${sheet.state.held}"]`);
  dot.focus({ preventScroll: true });
  sheet.redraw();
}

function drawPassageBars(sheet, answers) {
  const alone = meanOf(answers);
  const honest = meanOf(answers, { clusters: sheet.state.passage });
  const { svg, width } = sheet.picture("bars", 116, `As if alone: ${barText(alone)}. With passages: ${barText(honest)}.`);
  const x = scaleOf([0, 1], [28, width - 28]);
  svg.append(errorBar(x, 22, alone, "other"), errorBar(x, 52, honest), bottomAxis(x, 74, { ticks: [0, 0.25, 0.5, 0.75, 1], format: percentTick, title: "score" }));
  sheet.tell({
    said:
      honest.low === null
        ? "All questions are in one passage: one piece of evidence says nothing about how far others would lie from it."
        : `${PASSAGE_ITEMS} questions, but worth about ${fixed(kishWorth(sheet), 0)} on their own. Alone the bar would be ${barText(alone)}; with the passages it is ${barText(honest)}.`,
  });
}

/** How many independent questions these are worth, by their passages and the correlation that was set. */
function kishWorth(sheet) {
  const sizes = new Map();
  for (const p of sheet.state.passage) sizes.set(p, (sizes.get(p) ?? 0) + 1);
  const size = [...sizes.values()].reduce((sum, n) => sum + n * n, 0) / PASSAGE_ITEMS;
  return PASSAGE_ITEMS / kishEffect(size, sheet.values.icc);
}

function barText({ low, high }) {
  return low === null ? "no error bar" : `${scoreNumber(low, true)} to ${score(high, true)}`;
}

function drawRealClusters(sheet) {
  const { board, values } = sheet;
  const { values: answers, codes } = board.answered(values.model);
  const [alone, honest] = [board.mean(values.model), board.mean(values.model, { clustered: true })];
  const groups = membersOf(codes).sort((one, other) => other.length - one.length);
  const { svg, width } = sheet.picture("real", 250, `${board.names[values.model]}: ${plural(groups.length, "cluster")}; as if alone ${barText(alone)}, with clusters ${barText(honest)}.`);
  const [y, x] = [scaleOf([0, 1], [130, 14]), scaleOf([0, answers.length], [0, width])];
  let from = 0;
  for (const members of groups) {
    const mean = members.reduce((sum, k) => sum + answers[k], 0) / members.length;
    svg.append(rectAt(x(from) + 0.5, y(1), x(members.length) - 1, y(0) - y(1), "block faint"), rectAt(x(from) + 0.5, y(mean), x(members.length) - 1, y(0) - y(mean), "block"));
    if (x(members.length) > 30) svg.append(textAt(x(from + members.length / 2), 146, count(members.length), "middle small"));
    from += members.length;
  }
  const scale = scaleOf([0, 1], [28, width - 28]);
  svg.append(errorBar(scale, 168, alone, "other"), errorBar(scale, 192, honest), bottomAxis(scale, 210, { ticks: [0, 0.25, 0.5, 0.75, 1], format: percentTick, title: "score" }));
  const worth = effectiveClusters(codes);
  sheet.tell({
    real: `${board.names[values.model]}: ${count(answers.length)} questions in ${plural(groups.length, "cluster")}, the largest of ${count(groups[0].length)}; they weigh as much as ${fixed(worth, 1)} equal clusters. As if alone: ${barText(alone)}. With clusters: ${barText(honest)}.`,
  });
}
