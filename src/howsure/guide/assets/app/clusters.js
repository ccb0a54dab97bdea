// Chapter 4: questions in passages, how alike they are inside, and what becomes of the error bar.

const PASSAGE_ITEMS = 48;
const PASSAGES_HIGH = 190;

const clusters = {
  values: { icc: 0.4, size: 8, model: 0 },

  guess: {
    kind: "range",
    ends: [1, PASSAGE_ITEMS, 1],
    unit: " questions",
    ask: ({ values }) => `How alike answers in a passage are is measured by their correlation: 0, nothing in common; 1, all right or all wrong together. Here it is ${fixed(values.icc, 1)}. How many questions that stand alone are these ${PASSAGE_ITEMS} worth? Mark a range that you are fairly sure of.`,
    truth: (sheet) => kishWorth(sheet),
    told: (_, truth) => `They are worth about ${fixed(truth, 0)} questions.`,
  },

  fit(sheet, board) {
    sheet.offerModels("model");
    sheet.part("real", board.clusters !== null);
    sheet.part("none", board.clusters === null);
    sheet.part("few", board.clusters !== null && Boolean(board.same));
    sheet.part("many", board.clusters !== null && !board.same);
    return { model: board.a };
  },

  again: (sheet) => sortQuestions(sheet),

  draw(sheet) {
    const { icc, size } = sheet.values;
    if (sheet.state.size !== size) sortQuestions(sheet);
    const answers = passageAnswers(sheet, icc);
    drawPassages(sheet, answers);
    drawPassageBars(sheet, answers);
    const deff = kishEffect(size, icc);
    sheet.tell({ groups: count(sheet.board.groups?.length ?? 0), n: PASSAGE_ITEMS, deff: fixed(deff, 1), worth: share(1 / deff) });
    const real = `${sheet.values.model} ${sheet.root.clientWidth}`;
    if (sheet.board.clusters === null || sheet.state.real === real) return;
    sheet.state.real = real;
    drawRealClusters(sheet);
  },
};

/** Put the questions into passages of one size, in order; the last one may be smaller. */
function sortQuestions(sheet) {
  const { size } = sheet.values;
  const passage = Array.from({ length: PASSAGE_ITEMS }, (_, k) => Math.floor(k / size));
  sheet.state = { size, passage, passages: passage.at(-1) + 1, held: 0 };
}

/**
 * Return an answer a question: right for the half whose normal draw lies lowest, part of which the questions of a passage share. The
 * draws are spread evenly over the normal distribution, so that a few passages show what many would on average, and half are always
 * right, so that the error bar grows while the score stays.
 */
function passageAnswers(sheet, icc) {
  const { passages, passage, size } = sheet.state;
  const [shared, own] = [evenNormals(passages, 11), evenNormals(PASSAGE_ITEMS, 5)];
  const hard = passage.map((_, k) => Math.sqrt(icc) * shared[Math.floor(k / size)] + Math.sqrt(1 - icc) * own[k]);
  const order = [...hard.keys()].sort((one, other) => hard[one] - hard[other] || one - other);
  const answers = passage.map(() => 0);
  for (const k of order.slice(0, PASSAGE_ITEMS / 2)) answers[k] = 1;
  return answers;
}

function evenNormals(n, seed) {
  return shuffle(randomOf(seed), Array.from({ length: n }, (_, k) => distributions.normalQuantile((k + 0.5) / n, 0, 1)));
}

function drawPassages(sheet, answers) {
  const { passage, passages, held } = sheet.state;
  const { svg, width } = sheet.picture("passages", PASSAGES_HIGH, `${PASSAGE_ITEMS} questions in ${plural(passages, "passage")}.`);
  const boxes = boxesFor(passages, width);
  const inside = Array.from({ length: passages }, () => []);
  passage.forEach((p, k) => inside[p].push(k));
  inside.forEach((members, p) => {
    const [left, top] = boxes.corner(p);
    svg.append(rectAt(left + 2, top + 2, boxes.width - 4, boxes.height - 4, "box"));
    const spot = spotsIn(members.length, boxes, left, top);
    members.forEach((k, nth) => svg.append(questionDot(sheet, k, answers[k], spot(nth), boxes)));
  });
  svg.querySelector(`[data-handle="question-${held}"]`)?.setAttribute("tabindex", 0);
  svg.addEventListener("keydown", (event) => chooseQuestion(sheet, event));
}

/** Return the boxes of so many passages: as many in a row as makes each about half as high again as wide. */
function boxesFor(passages, width) {
  const shapes = [...Array(passages).keys()].map((k) => {
    const [columns, rows] = [k + 1, Math.ceil(passages / (k + 1))];
    return { columns, rows, width: width / columns, height: PASSAGES_HIGH / rows };
  });
  const ill = (each) => Math.abs(Math.log(each.width / each.height / 1.5)) + 2 * (each.columns * each.rows - passages) / passages;
  const best = shapes.reduce((one, other) => (ill(other) < ill(one) ? other : one));
  return { ...best, corner: (p) => [(p % best.columns) * best.width, Math.floor(p / best.columns) * best.height] };
}

/** Return where each of so many dots lies in a box, with their radius. */
function spotsIn(n, { width, height }, left, top) {
  const columns = Math.max(1, Math.ceil(Math.sqrt((n * width) / height)));
  const rows = Math.ceil(n / columns);
  const pitch = Math.min(26, (width - 8) / columns, (height - 8) / rows);
  const [x, y] = [left + (width - pitch * (columns - 1)) / 2, top + (height - pitch * (rows - 1)) / 2];
  return (nth) => ({ cx: x + pitch * (nth % columns), cy: y + pitch * Math.floor(nth / columns), r: Math.max(3, Math.min(9, pitch * 0.38)) });
}

function questionDot(sheet, k, right, spot, boxes) {
  const { passage, passages } = sheet.state;
  const dot = shapesIn("g", [shape("circle", { ...spot, class: `grip ${right ? "right" : "wrong"}` })]);
  const along = (at, size, most) => Math.min(most - 1, Math.max(0, Math.floor(at / size)));
  sheet.handle(dot, `question-${k}`, {
    label: `Question ${k + 1}, ${right ? "right" : "wrong"}`,
    value: passage[k],
    min: 0,
    max: passages - 1,
    step: 1,
    told: `in passage ${passage[k] + 1} of ${passages}`,
    at: (px, py) => along(px, boxes.width, boxes.columns) + boxes.columns * along(py, boxes.height, boxes.rows),
    set: (value) => moveQuestion(sheet, k, value),
  });
  dot.setAttribute("tabindex", -1);
  return dot;
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
  const from = Number(event.target.closest("[data-handle]").dataset.handle.split("-")[1]);
  sheet.state.held = (from + step + PASSAGE_ITEMS) % PASSAGE_ITEMS;
  const dot = event.currentTarget.querySelector(`[data-handle="question-${sheet.state.held}"]`);
  dot.focus({ preventScroll: true });
  sheet.redraw();
}

function drawPassageBars(sheet, answers) {
  const alone = (sheet.state.alone ??= meanOf(answers)); // half are right, whichever they are
  const honest = meanOf(answers, { clusters: sheet.state.passage });
  const { svg, width } = sheet.picture("bars", 130, `As if alone: ${barText(alone)}. With passages: ${barText(honest)}.`);
  const x = scaleOf([0, 1], [28, width - 28]);
  svg.append(namedBar(x, 26, alone, "each question on its own", "other"), namedBar(x, 68, honest, "passages taken into account"), bottomAxis(x, 88, { ticks: [0, 0.25, 0.5, 0.75, 1], format: percentTick, title: "score" }));
  sheet.tell({
    said:
      honest.low === null
        ? "All questions are in one passage: one piece of evidence says nothing about how far others would lie from it."
        : `${PASSAGE_ITEMS} questions, worth about ${fixed(kishWorth(sheet), 0)}. The score stays at ${score(honest.value, true)}; the error bar is ${barText(honest)}, not ${barText(alone)}.${fewPassages(sheet)}`,
  });
}

/** Few passages can't show how much passages differ: that lengthens the error bar even where they don't. */
function fewPassages({ state: { passages, size } }) {
  return size > 1 && passages < 10 ? ` From ${plural(passages, "passage")} alone nobody can see how much passages differ; that makes it longer still.` : "";
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

/** Draw each cluster as a block on the axis of the error bars: as high as it has questions, as long as the model's score in it. */
function drawRealClusters(sheet) {
  const { board, values } = sheet;
  const { values: answers, codes, kept } = board.answered(values.model);
  const [alone, honest] = [board.mean(values.model), board.mean(values.model, { clustered: true })];
  const names = lastParts(board.clusters.labels);
  const blocks = membersOf(codes).map((members) => ({
    name: names[board.clusters.codes[kept[members[0]]]],
    n: members.length,
    mean: members.reduce((sum, k) => sum + answers[k], 0) / members.length,
  })).sort((one, other) => other.n - one.n || other.mean - one.mean);
  const worth = effectiveClusters(codes);
  drawBlocks(sheet, blocks, { alone, honest });
  sheet.tell({
    real: `${board.names[values.model]}: ${count(answers.length)} questions in ${plural(blocks.length, "cluster")}, the largest of ${count(blocks[0].n)}; they weigh as much as ${fixed(worth, 1)} equal clusters. As if alone: ${barText(alone)}. With clusters: ${barText(honest)}.`,
  });
}

function drawBlocks(sheet, blocks, { alone, honest }) {
  const { board, narrow, values } = sheet;
  const pitch = narrow ? 14 : 13.5;
  const high = Math.min(Math.max(pitch * blocks.length, narrow ? 120 : 220), narrow ? 168 : 270);
  const room = Math.floor(high / pitch);
  const named = blocks.length > room ? blocks.slice(0, room - 1) : blocks;
  const rest = blocks.slice(named.length);
  const bars = [["as if alone", alone, "other"], ["with clusters", honest, ""]];
  const { svg, width } = sheet.picture("real", high + 80, `${board.names[values.model]}: ${plural(blocks.length, "cluster")}; as if alone ${barText(alone)}, with clusters ${barText(honest)}.`);
  const [labels, bend] = labelsOf(named, rest, Math.min(0.42 * width, 220), bars.map(([name]) => name));
  const [x, y] = [scaleOf([0, 1], [bend + (narrow ? 16 : 28), width - 20]), scaleOf([0, blocks.reduce((sum, { n }) => sum + n, 0)], [2, high + 2])];
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) svg.append(lineAt(x(tick), 2, x(tick), high + 54, "grid"));
  svg.append(...stackOf(blocks, named.length, x, y), ...leadersOf(labels, bend, x, y, pitch));
  svg.append(lineAt(x(alone.value), 2, x(alone.value), high + 54, "zero"));
  bars.forEach(([name, bar, kind], row) => {
    const at = high + 18 + 22 * row;
    svg.append(textAt(bend - 4, at + 4, name, `end label ${kind ? "orange" : "blue"}`), errorBar(x, at, bar, kind));
  });
  svg.append(bottomAxis(x, high + 54, { ticks: [0, 0.25, 0.5, 0.75, 1], format: percentTick }));
  sheet.tell({ smallest: smallestText(rest) });
}

/** Return what names the blocks, largest first, each with the questions before it, and where their texts end. */
function labelsOf(named, rest, most, others) {
  const more = rest.length ? [{ name: `${count(rest.length)} more`, n: rest.reduce((sum, { n }) => sum + n, 0) }] : [];
  let before = 0;
  const labels = [...named, ...more].map(({ name, n }) => {
    const label = { name: fitted(name, most - 40), n, before };
    before += n;
    return label;
  });
  const wide = Math.max(...labels.map(({ name, n }) => textWidth(`${name} ${count(n)}`)), ...others.map(textWidth));
  return [labels, Math.min(most, wide) + 4];
}

/** The blocks, those that have a name with its full text, all others as one shape. */
function stackOf(blocks, named, x, y) {
  let from = 0;
  const [shapes, small] = [[], []];
  blocks.forEach(({ name, n, mean }, nth) => {
    const [top, high] = [y(from), y(n) - y(0)];
    const seam = high > 4 ? 1 : 0.15 * high;
    from += n;
    if (nth >= named) return small.push(`M${x(0).toFixed(1)},${top.toFixed(2)}H${x(mean).toFixed(1)}v${(high - seam).toFixed(2)}H${x(0).toFixed(1)}z`);
    const block = rectAt(x(0), top, x(mean) - x(0), high - seam, "block");
    block.append(shape("title", {}, visible(`${name}: ${share(mean)} of ${plural(n, "question")}`)));
    shapes.push(rectAt(x(0), top, x(1) - x(0), high - seam, "block faint"), block);
  });
  const behind = blocks.slice(0, named).reduce((sum, { n }) => sum + n, 0);
  const ground = small.length ? [rectAt(x(0), y(behind), x(1) - x(0), y(from) - y(behind), "block faint")] : [];
  return [...shapes, ...ground, shape("path", { d: small.join(""), class: "block" })];
}

/** The names on the left, as near to their blocks as they have room, and lines from each to its block. */
function leadersOf(labels, bend, x, y, pitch) {
  const wanted = labels.map(({ n, before }) => (y(before) + y(before + n)) / 2);
  const places = spreadOut(wanted, pitch, [y.from + pitch / 2, y.to - pitch / 2]);
  const line = labels.map((_, k) => `M${bend},${places[k].toFixed(1)}h3L${(x(0) - 4).toFixed(1)},${wanted[k].toFixed(1)}h3`).join("");
  const texts = labels.map(({ name, n }, k) => {
    const text = textAt(bend - 4, places[k] + 4, `${name} `, "end small");
    text.append(shape("tspan", { class: "number-of" }, count(n)));
    return text;
  });
  return [shape("path", { d: line, class: "leader-line" }), ...texts];
}

/** Move places apart so that each has its pitch, as little as can be, between two ends; they are in order. */
function spreadOut(wanted, pitch, [low, high]) {
  const places = [];
  wanted.forEach((place, k) => places.push(Math.max(place, k ? places[k - 1] + pitch : low)));
  for (let k = places.length - 1; k >= 0; k--) places[k] = Math.min(places[k], k === places.length - 1 ? high : places[k + 1] - pitch);
  return places;
}

/** Return names without what is before their last slash, as in django/django, if they still differ then. */
function lastParts(names) {
  const short = names.map((name) => name.split("/").at(-1) || name);
  return new Set(short).size === new Set(names).size ? short : names;
}

const MOST_LISTED = 16;

/** Name the clusters that have no room in the picture. */
function smallestText(rest) {
  if (!rest.length) return "";
  const [most, least] = [rest[0].n, rest.at(-1).n];
  const sizes = most === least ? `${plural(most, "question")}${rest.length > 1 ? " each" : ""}` : `${count(least)} to ${count(most)} questions`;
  const more = rest.length > MOST_LISTED ? ` and ${count(rest.length - MOST_LISTED)} others` : "";
  return `The ${rest.length === 1 ? "last one has" : `other ${count(rest.length)} have`} ${sizes}: ${rest.slice(0, MOST_LISTED).map(({ name }) => shorten(name, 30)).join(", ")}${more}.`;
}
