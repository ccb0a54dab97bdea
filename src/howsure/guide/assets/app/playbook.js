// Chapter 8: a card that fills in with the reader's results.

const playbook = {
  values: { a: 0, b: 1, margin: 2, whole: false },

  guess: {
    kind: "pick",
    ask: ({ board, values }) => `A gate lets ${board.names[values.a]} (${score(board.score(values.a), true)}) pass if it is shown to be not worse than ${board.names[values.b]} (${score(board.score(values.b), true)}) by more than ${gap(values.margin / 100, true)}. What does it say?`,
    options: () => [["pass", "pass"], ["open", "can’t tell"], ["fail", "fail"]],
    possible: ({ board, values }) => hasPair(board, values),
    truth: ({ board, values }) => gateOf(board.shared(values.a, values.b, values.whole), values.margin / 100).verdict,
    told: (_, truth) => ({ pass: "It passes.", open: "Can’t tell.", fail: "It fails." })[truth],
  },

  fit: (sheet) => sheet.offerPair(),

  print: () => print(),

  async copyMethods(sheet) {
    const text = sheet.root.querySelector(".methods").textContent.replaceAll("\u00a0", " ");
    try {
      await navigator.clipboard.writeText(text);
      sheet.tell({ copied: "Copied." });
    } catch {
      getSelection().selectAllChildren(sheet.root.querySelector(".methods"));
      sheet.tell({ copied: "Marked: copy it with the keyboard." });
    }
  },

  draw(sheet) {
    const { board, values } = sheet;
    const shared = board.shared(values.a, values.b, values.whole);
    if (!hasPair(board, values)) return tellNoPair(sheet);
    const [pair, gate] = [pairIn(shared), gateOf(shared, values.margin / 100)];
    drawVerdict(sheet, gate, "verdict");
    sheet.tell({ ...cardTexts(sheet, pair), said: gateText(sheet, gate), verdict: gateText(sheet, gate), headline: headlineText(sheet, pair), methods: methodsText(sheet, pair) });
  },
};

function tellNoPair(sheet) {
  sheet.picture("verdict", 10, "Nothing to judge.");
  sheet.tell({ said: NO_PAIR, verdict: "", headline: "", methods: "", needed: "?", n: "?", grouped: "?", separate: "?" });
}

/**
 * Judge by the 90% interval whether a is not worse than b by the margin: "pass", "fail" or "open", with the pair. Where clusters are too few
 * to be a sample, the verdict on more questions from these stands only if new clusters have the same, `other`.
 */
function gateOf(shared, margin) {
  const own = judged(pairIn(shared, { level: 0.9 }), margin);
  if (shared.same === null) return own;
  const other = judged(pairOf(shared.a, shared.b, { clusters: shared.same, level: 0.9 }), margin);
  return { ...own, verdict: own.verdict === other.verdict ? own.verdict : "open", other: other.pair };
}

function judged(pair, margin) {
  const verdict = pair.low === null ? "open" : pair.low > -margin ? "pass" : pair.high < -margin ? "fail" : "open";
  return { pair, margin, verdict };
}

const VERDICTS = { pass: "PASS", fail: "FAIL", open: "CAN’T TELL" };

function gateText({ board, values }, { pair, margin, verdict, other }) {
  const [a, b] = [board.names[values.a], board.names[values.b]];
  const range = pair.low === null ? "" : ` (${signed(pair.value, true)}, with 90% confidence between ${signed(pair.low, true)} and ${signed(pair.high, true)})`;
  const said = { pass: `${a} is not worse than ${b}`, fail: `${a} is worse than ${b}`, open: `${a} may or may not be worse than ${b}` }[verdict];
  const both = other === undefined || other.low === null ? "" : ` With new clusters, between ${signed(other.low, true)} and ${signed(other.high, true)}: the gate asks for the same verdict on both.`;
  return `${VERDICTS[verdict]}: ${said} by more than ${gap(margin, true)}${range}.${both}`;
}

/** Draw the difference beside the margin; where clusters are few, also for new ones (`other`), as the verdict hangs on both. */
function drawVerdict(sheet, { pair, margin, verdict, other }, name) {
  const more = other === undefined ? 0 : 40;
  const { svg, width } = sheet.picture(name, 112 + more, `${VERDICTS[verdict]}: the difference is ${signed(pair.value, true)}, the margin ${gap(margin, true)}.`);
  const ends = [pair, other ?? pair].flatMap(({ low, high }) => (low === null ? [] : [low, high]));
  const x = scaleOf(bounds([-margin * 1.3, margin * 1.3, pair.value, ...ends], 0.01), [28, width - 28]);
  const beyond = ["too much worse", "worse", ""].find((text) => textWidth(text) < x(-margin) - 8);
  const bottom = 70 + more;
  svg.append(rectAt(x.from, 22, x(-margin) - x.from, bottom - 22, "band"), textAt(x(-margin) - 6, 16, beyond, "end small"), lineAt(x(-margin), 8, x(-margin), bottom, "zero"), lineAt(x(0), 22, x(0), bottom, "grid"));
  svg.append(textAt(x(-margin) + 6, 16, "good enough", "small"));
  const kind = { pass: "", fail: "other", open: "unsure" }[verdict];
  svg.append(namedBar(x, 56, pair, more ? "the same clusters" : VERDICTS[verdict], kind), bottomAxis(x, bottom, { format: signedTick, title: "difference (points)" }));
  if (more) svg.append(namedBar(x, 96, other, "new clusters", kind));
}

function cardTexts({ board, values }, pair) {
  board.telling ??= separating(board);
  return {
    grouped: groupedText(board, pair, values.whole),
    needed: neededText(questionsNeeded(gapSpread({ board, values }), values.margin / 100)),
    n: count(pair.n),
    separate: `${count(board.telling)} of ${count(board.items)}`,
    copied: "",
  };
}

function groupedText(board, pair, whole) {
  if (board.clusters === null || (!whole && !board.same)) return "nothing (each question stands alone)";
  if (!whole) return `${visible(board.clusters.name)}, ${plural(board.groups.length, "group")}: too few to stand for others`;
  return `${visible(board.clusters.name)}, ${plural(pair.units, "group")}`;
}

/** Count the questions on which not all models have the same score. */
function separating(board) {
  let telling = 0;
  for (let k = 0; k < board.items; k++) {
    const found = board.scores.map((scores) => scores[k]).filter((value) => !Number.isNaN(value));
    telling += found.some((value) => value !== found[0]) ? 1 : 0;
  }
  return telling;
}

function methodsText({ board, values }, pair) {
  const [a, b] = [values.a, values.b].map((m) => visible(board.models[m]));
  const most = Math.round(Math.max(board.attempts[values.a], board.attempts[values.b]));
  const tries = most > 1 ? ` (${most} attempts at each, averaged)` : "";
  const alone = !values.whole;
  const groups = board.clusters === null ? "" : alone && !board.same ? " (each on its own)" : alone ? ` of ${plural(board.groups.length, "cluster")}, about more questions from these` : ` in ${plural(pair.units, "cluster")}`;
  const variance = alone ? "a variance for independent questions" : "a cluster-robust variance (CR2; Bell and McCaffrey 2002)";
  const range = pair.low === null ? "no interval can be given" : `95% CI ${signedNumber(pair.low)} to ${signedNumber(pair.high)} points, p ${pair.pValue < 0.001 ? "< 0.001" : `= ${pText(pair.pValue)}`}`;
  return `We compared ${a} with ${b} on ${plural(pair.n, "shared question")}${groups}${tries}. The paired difference is ${signed(pair.value, true)}; ${range}. The interval is from a score pivot with ${variance}, after Miller (2024), “Adding Error Bars to Evals”. ${count(pair.wins)} questions favour the first, ${count(pair.losses)} the second, ${count(pair.ties)} neither. Made with howsure.`;
}

function signedNumber(value) {
  return (value < 0 ? "−" : "") + scoreNumber(Math.abs(value), true);
}
