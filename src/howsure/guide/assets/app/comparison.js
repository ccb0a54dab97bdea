// Chapter 6: two overlapping bars, the answers behind them, and the difference question by question.

/** So many questions are drawn as dots at most: of more, one in two, in three and so on. */
const MOST_ANSWERS = 3000;

const comparison = {
  values: { a: 0, b: 1, agreement: 0, whole: false },

  guess: {
    kind: "pick",
    ask: ({ board, values }) => {
      const [one, other] = [values.a, values.b].map((m) => board.mean(m));
      return `A scores ${score(one.value, true)} (${rangeText(one)}), B ${score(other.value, true)} (${rangeText(other)}). Question by question: is one of them better?`;
    },
    options: () => [["a", "A is better"], ["b", "B is better"], ["none", "can’t tell"]],
    truth: ({ state, values, board }) => {
      const pair = pairOf(state.real.a, state.real.b, { clusters: values.whole ? board.shared(values.a, values.b).groups : null });
      return !(pair.pValue < 0.05) ? "none" : pair.value > 0 ? "a" : "b";
    },
    told: (_, truth) => ({ a: "A is better.", b: "B is better.", none: "Can’t tell." })[truth],
  },

  fit: (sheet) => sheet.offerPair(),

  real: (sheet) => sheet.set({ agreement: sheet.state.agreement }),

  draw(sheet) {
    const pairing = pairingOf(sheet);
    drawAnswers(sheet, pairing.scores);
    drawPair(sheet, pairing);
  },
};

/** Return the shared scores of the pair: as they really are where the slider stands at their own agreement, in another pairing elsewhere. */
function pairingOf({ board, values, state }) {
  const pair = `${values.a} ${values.b}`;
  if (state.pair !== pair) {
    const real = board.shared(values.a, values.b);
    Object.assign(state, { pair, real, agreement: agreementOf(real) });
    values.agreement = state.agreement;
  }
  const own = values.agreement === state.agreement;
  return { own, real: state.real, scores: own ? state.real : paired(state.real, values.agreement / 100) };
}

/** Return where on the slider, 0 to 100, two models stand by the correlation of their scores. */
function agreementOf(real) {
  const correlationAt = (agreement) => {
    const { a, b } = agreement === null ? real : paired(real, agreement);
    return a.length > 1 ? pairOf(a, b).correlation : null;
  };
  const [now, most] = [correlationAt(null), correlationAt(1)];
  return now > 0 && most > 0 ? Math.min(100, Math.round((100 * now) / most)) : 0;
}

/** Return the same scores of both in another pairing: a share of the questions in the order of the scores, the others at random. */
function paired(real, agreement) {
  const [a, b] = [Float64Array.from(real.a).sort(), Float64Array.from(real.b).sort()];
  const random = randomOf(6);
  const loose = [...a.keys()].filter(() => random() >= agreement);
  const moved = shuffle(random, loose.map((k) => b[k]));
  loose.forEach((k, nth) => { b[k] = moved[nth]; });
  return { a: Array.from(a), b: Array.from(b), groups: null };
}

function drawAnswers(sheet, { a, b }) {
  const { board, values } = sheet;
  const [wins, losses] = [a.filter((value, k) => value > b[k]).length, a.filter((value, k) => value < b[k]).length];
  const size = Math.min(280, sheet.root.clientWidth - 90);
  const { svg, width } = sheet.picture("answers", size + 34, `A did better on ${plural(wins, "question")}, B on ${count(losses)}; on ${count(a.length - wins - losses)} both did the same.`);
  const left = (width - size) / 2 + 8;
  const [x, y] = [scaleOf([-0.28, 1.28], [left, left + size]), scaleOf([-0.28, 1.28], [size + 4, 4])];
  const random = randomOf(16);
  const jitter = () => (random() - 0.5) * 0.42;
  const every = Math.ceil(a.length / MOST_ANSWERS);
  const seen = [...a.keys()].filter((k) => k % every === 0);
  const spots = (holds) => seen.filter(holds).map((k) => [x(a[k] + jitter()), y(b[k] + jitter())]);
  svg.append(rectAt(left, 4, size, size, "box"), lineAt(x(-0.28), y(-0.28), x(1.28), y(1.28), "grid"));
  svg.append(dotsAt(spots((k) => a[k] === b[k]), 2.5, "same"), dotsAt(spots((k) => a[k] > b[k]), 2.5, "right"), dotsAt(spots((k) => a[k] < b[k]), 2.5, "wrong"));
  svg.append(textAt(x(0.5), size + 22, "A: wrong → right", "title middle"), shape("text", { x: left - 10, y: y(0.5), transform: `rotate(-90 ${left - 10} ${y(0.5)})`, class: "title middle" }, "B: wrong → right"));
  svg.append(textAt(x(1.22), y(0.3), `A better: ${count(wins)}`, "label blue end boxed"), textAt(x(-0.22), y(0.66), `B better: ${count(losses)}`, "label orange boxed"), textAt(x(0.5), y(0.47), `alike: ${count(a.length - wins - losses)}`, "middle boxed"));
  sheet.tell({ n: count(a.length), each: every === 1 ? "Each dot is a question" : `Each dot is a question (one in ${every} is shown)` });
}

/** Draw two scores with their bars, and the difference from both and question by question; `place`: where the sentence goes. */
function drawPair(sheet, { scores, real, own }, place = "said") {
  const { board, values } = sheet;
  const pair = values.a === values.b ? null : pairOf(scores.a, scores.b);
  if (pair === null || pair.low === null) return tellNoDifference(sheet, place);
  const [one, other] = [values.a, values.b].map((m) => board.mean(m));
  const reach = twoSidedT(0.95, 2 * pair.n - 2) * pair.unpairedSe;
  const { svg, width, narrow } = sheet.picture("pair", 304, `A ${score(one.value, true)}, B ${score(other.value, true)}; the difference lies between ${signed(pair.low, true)} and ${signed(pair.high, true)}.`);
  const x = scaleOf(bounds([one.low, other.low, one.high, other.high], 0.02), [20, width - 20]);
  const d = scaleOf(bounds([pair.value - reach, pair.value + reach, pair.low, pair.high, 0], 0.01), [20, width - 20]);
  const shown = pair.pValue < 0.05;
  const [nameA, nameB] = [values.a, values.b].map((m) => fitted(board.names[m], width - 40));
  svg.append(namedBar(x, 28, one, `A: ${nameA}`), namedBar(x, 68, other, `B: ${nameB}`, "other"), bottomAxis(x, 86, { format: percentTick, title: narrow ? "" : "score" }));
  svg.append(lineAt(d(0), 148, d(0), 248, "zero"), textAt(middleWithin(d(0), "no difference", [0, width]), 142, "no difference", "middle small"));
  svg.append(namedBar(d, 178, { value: pair.value, low: pair.value - reach, high: pair.value + reach }, "from two bars", "other"));
  svg.append(namedBar(d, 226, pair, `question by question: ${shown ? "clear of zero" : "zero is in it"}`, shown ? "clear" : ""));
  svg.append(bottomAxis(d, 248, { format: (tick) => signedTick(tick), title: "A − B, in points" }));
  sheet.tell({
    p: pText(pair.pValue),
    [place]: `${correlationText(own, pair)} ${signed(pair.value, true)}, between ${signed(pair.low, true)} and ${signed(pair.high, true)}: ${shown ? `${pair.value > 0 ? "A" : "B"} is better.` : "can’t tell."}${own ? withClusters(real) : ""}`,
  });
}

function correlationText(own, { correlation }) {
  const told = correlation === null ? "" : ` (correlation ${fixed(correlation, 2)})`;
  return own ? `As they really agree${told}:` : `At this agreement${told}:`;
}

function withClusters(real) {
  if (real.groups === null) return "";
  const pair = pairOf(real.a, real.b, { clusters: real.groups });
  if (pair.low === null) return "";
  return ` For questions of new clusters, between ${signed(pair.low, true)} and ${signed(pair.high, true)}.`;
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
