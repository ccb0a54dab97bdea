// Chapter 6: two overlapping bars, the answers behind them, and the difference question by question.

const comparison = {
  values: { a: 0, b: 1, agreement: -1 },

  fit(sheet, board) {
    sheet.offerModels("a");
    sheet.offerModels("b");
    return { a: board.a, b: Math.max(board.b, 0), agreement: -1 };
  },

  real: (sheet) => sheet.set({ agreement: -1 }),

  draw(sheet) {
    const real = sheet.board.shared(sheet.values.a, sheet.values.b);
    const scores = sheet.values.agreement < 0 ? real : paired(real, sheet.values.agreement / 100);
    drawAnswers(sheet, scores);
    drawPair(sheet, scores, real);
  },
};

/** Return the same scores of both in another pairing: a share of the questions in the order of the scores, the others at random. */
function paired(real, agreement) {
  const [a, b] = [Float64Array.from(real.a).sort(), Float64Array.from(real.b).sort()];
  const random = randomOf(6);
  const loose = [...a.keys()].filter(() => random() >= agreement);
  const moved = shuffle(random, loose.map((k) => b[k]));
  loose.forEach((k, nth) => { b[k] = moved[nth]; });
  return { a: Array.from(a), b: Array.from(b), codes: null };
}

function drawAnswers(sheet, { a, b }) {
  const { board, values } = sheet;
  const [wins, losses] = [a.filter((value, k) => value > b[k]).length, a.filter((value, k) => value < b[k]).length];
  const size = Math.min(260, sheet.root.clientWidth - 80);
  const { svg, width } = sheet.picture("answers", size + 56, `A did better on ${plural(wins, "question")}, B on ${count(losses)}; on ${count(a.length - wins - losses)} both did the same.`);
  const left = Math.max(60, (width - size) / 2 - 40);
  const [x, y] = [scaleOf([-0.28, 1.28], [left, left + size]), scaleOf([-0.28, 1.28], [size + 4, 4])];
  const random = randomOf(16);
  const jitter = () => (random() - 0.5) * 0.42;
  const spots = a.map((value, k) => [x(value + jitter()), y(b[k] + jitter())]);
  svg.append(rectAt(left, 4, size, size, "box"), lineAt(x(-0.28), y(-0.28), x(1.28), y(1.28), "grid"));
  svg.append(dotsAt(spots.filter((_, k) => a[k] === b[k]), 2.5, "same"), dotsAt(spots.filter((_, k) => a[k] > b[k]), 2.5, "right"), dotsAt(spots.filter((_, k) => a[k] < b[k]), 2.5, "wrong"));
  svg.append(textAt(x(0.5), size + 22, "A: wrong → right", "title middle"), shape("text", { x: left - 10, y: y(0.5), transform: `rotate(-90 ${left - 10} ${y(0.5)})`, class: "title middle" }, "B: wrong → right"));
  const beside = left + size + 12;
  const room = width - beside > 130;
  const notes = [[`only A: ${count(wins)}`, "blue"], [`only B: ${count(losses)}`, "orange"], [`both alike: ${count(a.length - wins - losses)}`, ""]];
  notes.forEach(([text, kind], k) => svg.append(textAt(room ? beside : left + (size * k) / 3, room ? 40 + 22 * k : size + 44, text, kind)));
  sheet.tell({ n: count(a.length) });
}

/** Draw two scores with their bars, and the difference from both and question by question; `place`: where the sentence goes. */
function drawPair(sheet, scores, real, place = "said") {
  const { board, values } = sheet;
  const pair = values.a === values.b ? null : pairOf(scores.a, scores.b);
  if (pair === null || pair.low === null) return tellNoDifference(sheet, place);
  const [one, other] = [values.a, values.b].map((m) => board.mean(m));
  const reach = twoSidedT(0.95, 2 * pair.n - 2) * pair.unpairedSe;
  const { svg, width } = sheet.picture("pair", 262, `A ${score(one.value, true)}, B ${score(other.value, true)}; the difference lies between ${signed(pair.low, true)} and ${signed(pair.high, true)}.`);
  const right = width - 28;
  const x = scaleOf(bounds([one.low, other.low, one.high, other.high], 0.02), [44, right]);
  const d = scaleOf(bounds([pair.value - reach, pair.value + reach, pair.low, pair.high, 0], 0.01), [44, right]);
  svg.append(textAt(4, 26, "A", "strong"), errorBar(x, 22, one), textAt(4, 56, "B", "strong"), errorBar(x, 52, other, "other"), bottomAxis(x, 74, { format: percentTick }));
  svg.append(lineAt(d(0), 122, d(0), 196, "zero"), textAt(d(0), 116, "no difference", "middle small"), textAt(4, 144, "two", "small"), textAt(4, 176, "paired", "small"));
  svg.append(errorBar(d, 140, { value: pair.value, low: pair.value - reach, high: pair.value + reach }, "other"), errorBar(d, 172, pair));
  svg.append(bottomAxis(d, 196, { format: (tick) => signedTick(tick), title: "A − B" }));
  const shown = pair.pValue < 0.05;
  sheet.tell({
    p: pText(pair.pValue),
    [place]: `${correlationText(values, pair)} ${signed(pair.value, true)}, between ${signed(pair.low, true)} and ${signed(pair.high, true)}: ${shown ? `${pair.value > 0 ? "A" : "B"} is better.` : "can’t tell."}${withClusters(values, real)}`,
  });
}

function correlationText({ agreement }, { correlation }) {
  const told = correlation === null ? "" : ` (correlation ${fixed(correlation, 2)})`;
  return agreement < 0 ? `As they really agree${told}:` : `At this agreement${told}:`;
}

function withClusters({ agreement }, real) {
  if (agreement >= 0 || real.codes === null) return "";
  const pair = pairOf(real.a, real.b, { clusters: real.codes });
  if (pair.low === null) return "";
  return ` With the clusters taken into account, between ${signed(pair.low, true)} and ${signed(pair.high, true)}.`;
}

function tellNoDifference(sheet, place) {
  sheet.picture("pair", 10, "Nothing to compare.");
  sheet.tell({ [place]: "Choose two models that answered two questions or more in common.", p: "n/a" });
}

/** Return the least and the most of some values, with room on both sides. */
function bounds(values, room) {
  return [Math.min(...values) - room, Math.max(...values) + room];
}

function signedTick(value) {
  const text = percentTick(value).replace(" %", "");
  return value > 0 ? `+${text}` : text;
}

function pText(p) {
  if (p === null) return "n/a";
  return p < 0.001 ? "below 0.001" : String(Number(p.toPrecision(2)));
}
