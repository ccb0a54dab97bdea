// Chapter 6: two overlapping bars, the answers behind them, and the difference question by question.

/** So many questions are drawn as lines at most: of more, one in two, in three and so on. */
const MOST_LINES = 3000;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

const comparison = {
  values: { a: 0, b: 1, agreement: 0, whole: false },

  guess: {
    kind: "pick",
    ask: ({ board, values }) => {
      const [one, other] = [values.a, values.b].map((m) => board.mean(m));
      return `A scores ${score(one.value, true)} (${rangeText(one)}), B ${score(other.value, true)} (${rangeText(other)}). Question by question: is one of them better?`;
    },
    options: () => [["a", "A is better"], ["b", "B is better"], ["none", "can’t tell"]],
    possible: ({ board, values }) => hasPair(board, values) && pairIn(board.shared(values.a, values.b, values.whole)).low !== null,
    truth: ({ values, board }) => {
      const pair = pairIn(board.shared(values.a, values.b, values.whole));
      return !(pair.pValue < 0.05) ? "none" : pair.value > 0 ? "a" : "b";
    },
    told: (_, truth) => ({ a: "A is better.", b: "B is better.", none: "Can’t tell." })[truth],
  },

  fit: (sheet) => sheet.offerPair(),

  real: (sheet) => sheet.set({ agreement: sheet.state.agreement }),

  draw(sheet) {
    const pairing = pairingOf(sheet);
    drawAnswers(sheet, pairing.scores, pairing.order);
    drawPair(sheet, pairing);
  },
};

/** Return the shared scores of the pair: as they really are where the slider stands at their own agreement, in another pairing elsewhere. */
function pairingOf({ board, values, state }) {
  const pair = `${values.a} ${values.b}`;
  if (state.pair !== pair) {
    const real = board.shared(values.a, values.b);
    Object.assign(state, { pair, real, agreement: agreementOf(real), order: easiestFirst(easeOf(board, values)) });
    values.agreement = state.agreement;
  }
  const own = values.agreement === state.agreement;
  const scores = own ? state.real : paired(state.real, values.agreement / 100);
  return { own, scores, order: own ? state.order : easiestFirst(scores.a.map((value, k) => value + scores.b[k])) };
}

/** Return how well all models do on each question that the pair shares. */
function easeOf(board, { a, b }) {
  const ease = new Float64Array(board.items);
  const there = new Float64Array(board.items);
  for (const scores of board.scores) {
    scores.forEach((value, k) => {
      if (Number.isNaN(value)) return;
      ease[k] += value;
      there[k] += 1;
    });
  }
  return [...ease.keys()].filter((k) => !Number.isNaN(board.scores[a][k]) && !Number.isNaN(board.scores[b][k])).map((k) => ease[k] / there[k]);
}

/** Return the numbers of the questions, the easiest first. */
function easiestFirst(ease) {
  return [...ease.keys()].sort((one, other) => ease[other] - ease[one] || one - other);
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
  return { a: Array.from(a), b: Array.from(b) };
}

/** Draw a line a question, from how A did on it to how B did. */
function drawAnswers(sheet, { a, b }, order) {
  const counts = { a: 0, b: 0, right: 0, wrong: 0, same: 0 };
  a.forEach((value, k) => { counts[value > b[k] ? "a" : value < b[k] ? "b" : value === 1 ? "right" : value === 0 ? "wrong" : "same"] += 1; });
  const alike = counts.right + counts.wrong + counts.same;
  const { narrow } = sheet;
  const told = `A did better on ${plural(counts.a, "question")}, B on ${count(counts.b)}; on ${count(alike)} both did the same.`;
  const { svg, width } = sheet.picture("answers", narrow ? 186 : 226, told);
  const every = Math.ceil(a.length / MOST_LINES);
  const seen = order.filter((_, nth) => nth % every === 0);
  const [top, bottom] = [46, narrow ? 180 : 220];
  const binary = [a, b].every((scores) => scores.every((value) => value === 0 || value === 1));
  const side = Math.max(...[`A better: ${count(counts.a)}`, `B better: ${count(counts.b)}`].map(textWidth)) + 10;
  const x = [side, width - side];
  const lines = binary ? bundled({ a, b }, seen, [top, bottom]) : sloped({ a, b }, seen, [top, bottom]);
  svg.append(...headsOf(sheet, { a, b }, x, width), ...linesOf(lines, x, (bottom - top) / seen.length));
  svg.append(...(binary ? bundleNames(counts, lines, x, [top, bottom]) : slopeNames({ ...counts, alike }, lines, x)));
  sheet.tell({ n: count(a.length), each: every === 1 ? "Each line is a question" : `Each line is a question (one in ${every} is shown)` });
}

/** A and B above their columns, with what each got. */
function headsOf({ board, values }, { a, b }, x, width) {
  const name = (m) => fitted(board.names[m], width / 2 - 60);
  const mean = (scores) => score(total(scores) / scores.length, true);
  return [["A", a, values.a, 0, "blue"], ["B", b, values.b, width, "orange end"]].flatMap(([letter, scores, m, at, kind]) => [
    textAt(at, 14, `${letter}: ${name(m)}`, `label ${kind}`),
    textAt(at, 32, mean(scores), `label ${kind}`),
  ]);
}

/**
 * Right or wrong: the questions in two columns, the right ones above. Both right and both wrong lie level; the others change sides in two
 * bundles. Each has from where to where it goes; those of a bundle lie in the order of how hard they are.
 */
function bundled({ a, b }, seen, [top, bottom]) {
  const groups = { right: [], a: [], b: [], wrong: [] };
  for (const k of seen) groups[a[k] > b[k] ? "a" : a[k] < b[k] ? "b" : a[k] ? "right" : "wrong"].push(k);
  const between = 40;
  const step = (bottom - top - between) / seen.length;
  const columns = [["right", "a", null, "b", "wrong"], ["right", "b", null, "a", "wrong"]].map((names) => {
    const starts = {};
    let at = top;
    for (const name of names) {
      starts[name] = at;
      at += name === null ? between : step * groups[name].length;
    }
    return starts;
  });
  return Object.fromEntries(Object.entries(groups).map(([name, members]) => [name, members.map((_, nth) => columns.map((starts) => starts[name] + step * (nth + 0.5)))]));
}

/** Averages of attempts: each question at its averages, on both sides as far above or below them, so that what is alike lies level; neighbours in difficulty lie apart (by the golden ratio). */
function sloped({ a, b }, seen, [top, bottom]) {
  const levels = new Set(seen.flatMap((k) => [a[k], b[k]])).size;
  const apart = Math.min((bottom - top) / Math.max(levels, 2), 40) * 0.72;
  const y = scaleOf([0, 1], [bottom - apart / 2, top + apart / 2]);
  const lines = { same: [], a: [], b: [] };
  seen.forEach((k, nth) => {
    const off = (0.5 - ((nth * GOLDEN) % 1)) * apart;
    lines[a[k] > b[k] ? "a" : a[k] < b[k] ? "b" : "same"].push([y(a[k]) + off, y(b[k]) + off]);
  });
  return Object.assign(lines, { y });
}

/** All lines of a kind as one shape: bundles swing from side to side, slopes are straight. */
function linesOf(lines, [left, right], step) {
  const [bend, width] = [(left + right) / 2, Math.max(0.6, Math.min(2, 0.7 * step))];
  const swing = (from, to) => (lines.y || from === to ? `L${right},${to}` : `C${bend},${from} ${bend},${to} ${right},${to}`);
  const path = (members) => members.map((ends) => ends.map((end) => end.toFixed(2))).map(([from, to]) => `M${left},${from}${swing(from, to)}`).join("");
  const same = [...(lines.right ?? []), ...(lines.wrong ?? []), ...(lines.same ?? [])];
  return [["same", same], ["b", lines.b], ["a", lines.a]].map(([kind, members]) => shape("path", { d: path(members), "stroke-width": width, class: `answer-lines ${kind}` }));
}

/** The counts beside and in the bundles. */
function bundleNames(counts, lines, [left, right], [top, bottom]) {
  const middle = (members, end) => (members[0][end] + members.at(-1)[end]) / 2;
  const alike = [["right", "both right", counts.right], ["wrong", "both wrong", counts.wrong]].filter(([kind]) => lines[kind].length);
  const inside = alike.map(([kind, name, n]) => textAt((left + right) / 2, Math.min(bottom - 4, Math.max(top + 12, middle(lines[kind], 0) + 4)), `${name}: ${count(n)}`, "middle halo"));
  const beside = [["a", left - 8, " end", "blue"], ["b", right + 8, "", "orange"]].flatMap(([own, edge, align, colour], end) => {
    const below = (lines.right.at(-1)?.[end] ?? top) + 8;
    const wanted = [top + 8, lines[own].length ? middle(lines[own], end) : below, bottom];
    const texts = [["right", "small"], [`${own.toUpperCase()} better: ${count(counts[own])}`, `label ${colour}`], ["wrong", "small"]];
    const places = spreadOut(wanted, 16, [top + 8, bottom - 4]);
    return texts.map(([text, kind], k) => textAt(edge, places[k] + 4, text, `${kind}${align}`));
  });
  return [...inside, ...beside];
}

/** The counts of a slope chart, and which averages its ends stand for. */
function slopeNames(counts, { y }, [left, right]) {
  const ticks = [0, 0.5, 1].flatMap((tick) => [textAt(left - 8, y(tick) + 4, percentTick(tick), "tick end"), textAt(right + 8, y(tick) + 4, percentTick(tick), "tick")]);
  return [
    ...ticks,
    textAt(left - 8, y(0.75) + 4, `A better: ${count(counts.a)}`, "label blue end"),
    textAt(right + 8, y(0.75) + 4, `B better: ${count(counts.b)}`, "label orange"),
    textAt((left + right) / 2, y(1) - 22, `alike: ${count(counts.alike)}`, "middle small"),
  ];
}

/** Draw two scores with their bars, and the difference from both and question by question; `place`: where the sentence goes. */
function drawPair(sheet, { scores, own }, place = "said") {
  const { board, values } = sheet;
  const pair = values.a === values.b ? null : own ? pairIn(board.shared(values.a, values.b, values.whole)) : pairOf(scores.a, scores.b);
  if (pair === null || pair.low === null) return tellNoDifference(sheet, place);
  const [one, other] = [values.a, values.b].map((m) => board.mean(m, { clustered: values.whole }));
  const reach = twoSidedT(0.95, 2 * pair.n - 2) * pair.unpairedSe;
  const { svg, width } = sheet.picture("pair", 238, `A ${score(one.value, true)}, B ${score(other.value, true)}; the difference lies between ${signed(pair.low, true)} and ${signed(pair.high, true)}.`);
  const x = scaleOf(bounds([one.low, other.low, one.high, other.high], 0.02), [20, width - 20]);
  const d = scaleOf(bounds([pair.value - reach, pair.value + reach, pair.low, pair.high, 0], 0.01), [20, width - 20]);
  const shown = pair.pValue < 0.05;
  const [nameA, nameB] = [values.a, values.b].map((m) => fitted(board.names[m], width - 40));
  svg.append(namedBar(x, 26, one, `A: ${nameA}`), namedBar(x, 60, other, `B: ${nameB}`, "other"), bottomAxis(x, 74, { format: percentTick }));
  svg.append(lineAt(d(0), 116, d(0), 196, "zero"), textAt(middleWithin(d(0), "no difference", [0, width]), 111, "no difference", "middle small"));
  svg.append(namedBar(d, 140, { value: pair.value, low: pair.value - reach, high: pair.value + reach }, "from two bars", "other"));
  svg.append(namedBar(d, 178, pair, `question by question: ${shown ? "clear of zero" : "zero is in it"}`, shown ? "clear" : ""));
  svg.append(bottomAxis(d, 196, { format: signedTick, title: "A − B, in points" }));
  sheet.tell({
    p: pText(pair.pValue),
    [place]: `${own ? "As they really agree:" : "At this agreement:"} ${signed(pair.value, true)}, between ${limitText(pair.low)} and ${limitText(pair.high)}: ${shown ? `${pair.value > 0 ? "A" : "B"} is better.` : "can’t tell."}`,
  });
}

/** An end of an interval, with its side of 0 where it is as good as there. */
function limitText(value) {
  if (value === 0) return "0";
  return Math.abs(value) < 0.0005 ? `just ${value < 0 ? "below" : "above"} 0` : signed(value, true);
}

function tellNoDifference(sheet, place) {
  sheet.picture("pair", 10, "Nothing to compare.");
  sheet.tell({ [place]: NO_PAIR, p: "n/a" });
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
