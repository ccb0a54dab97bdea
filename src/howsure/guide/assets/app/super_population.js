// Chapter 2: an urn of questions, handfuls drawn from it, and what their error bars say.

const URN_SIZE = 1000;
const URN_HIGH = 110;
const HANDFULS_SHOWN = 100;
const AXIS_ITEMS = 100;
const HANDFULS_HIGH = { wide: 150, narrow: 110 };

const superPopulation = {
  values: { model: 0, items: 100, open: true },

  guess: {
    kind: "range",
    ends: [0, 100, 1],
    unit: "%",
    ask: ({ state, values }) => `A handful of ${count(values.items)} questions was drawn from the urn: ${score(state.handfuls?.[0].value ?? 0, true)} right. How many in a hundred are right in the whole urn? Mark a range that you are fairly sure of.`,
    truth: ({ board, values }) => 100 * board.score(values.model),
    told: ({ state }, truth) => `In the urn ${score(truth / 100, true)} are right. The handful’s own error bar says ${scoreNumber(state.handfuls[0].low, true)} to ${score(state.handfuls[0].high, true)}.`,
  },

  fit(sheet, board) {
    sheet.offerModels("model");
    return { model: board.a, items: Math.max(10, Math.min(100, 10 * Math.floor(board.items / 10))) };
  },

  once: (sheet) => drawHandfuls(sheet, 1),
  often: (sheet) => drawHandfuls(sheet, 100),
  again(sheet) {
    emptyHands(sheet);
    drawHandfuls(sheet, 1);
  },

  draw(sheet) {
    const { values } = sheet;
    const { model, items } = values;
    const truth = sheet.board.score(model);
    const now = `${model} ${items}`;
    if (sheet.state.now !== now) {
      const before = sheet.state.drawn ?? 0;
      emptyHands(sheet);
      sheet.state.now = now;
      drawHandfuls(sheet, Math.max(1, Math.min(before, HANDFULS_SHOWN)));
    }
    sheet.state.looking = values.open && !sheet.guess?.open;
    drawUrn(sheet);
    drawHandfulBars(sheet, truth);
    tellHandfuls(sheet, truth);
  },
};

/** Begin again: a full urn, in which the model's share of questions is right, and no handful. */
function emptyHands(sheet) {
  const truth = sheet.board.score(sheet.values.model);
  const random = randomOf(7);
  const urn = shuffle(random, Array.from({ length: URN_SIZE }, (_, k) => (k < Math.round(truth * URN_SIZE) ? 1 : 0)));
  sheet.state = { urn, random, handfuls: [], held: 0, drawn: 0, last: [], now: sheet.state.now };
}

/** Draw handfuls: the last few are kept, of all it is counted whether their bars hold the urn's score. */
function drawHandfuls(sheet, times) {
  const { state } = sheet;
  const truth = total(state.urn) / URN_SIZE;
  for (let k = 0; k < times; k++) {
    state.last = drawWith(state.random, URN_SIZE, sheet.values.items);
    const { value, low, high } = meanOf(Array.from(state.last, (place) => state.urn[place]));
    const holds = low <= truth && truth <= high;
    state.handfuls = [{ value, low, high, holds }, ...state.handfuls.slice(0, HANDFULS_SHOWN - 1)];
    state.drawn += 1;
    state.held += holds ? 1 : 0;
  }
}

function drawUrn(sheet) {
  const { state, values } = sheet;
  const columnsIn = (width) => Math.round(Math.sqrt((URN_SIZE * width) / URN_HIGH));
  const high = (width) => 16 + (width / (columnsIn(width) + 1)) * Math.ceil(URN_SIZE / columnsIn(width));
  const { svg, width } = sheet.picture("urn", high, `An urn of ${count(URN_SIZE)} questions, ${count(values.items)} of them drawn.`);
  const columns = columnsIn(width);
  const gap = width / (columns + 1);
  const spot = (k) => [gap * (1 + (k % columns)), 8 + gap * Math.floor(k / columns)];
  const radius = Math.min(4, gap * 0.32);
  const drawn = new Set(state.last);
  const all = [...Array(URN_SIZE).keys()];
  const shown = (right) => all.filter((k) => state.urn[k] === right && (state.looking || drawn.has(k))).map(spot);
  svg.append(dotsAt([...drawn].map(spot), radius + 2.5, "ring"));
  if (!state.looking) svg.append(dotsAt(all.filter((k) => !drawn.has(k)).map(spot), radius, "faint"));
  svg.append(dotsAt(shown(1), radius, "right"), dotsAt(shown(0), radius, "wrong"));
}

function handfulsHigh(width) {
  return width < 480 ? HANDFULS_HIGH.narrow : HANDFULS_HIGH.wide;
}

function drawHandfulBars(sheet, truth) {
  const { state, values } = sheet;
  const newest = state.handfuls[0];
  const { svg, width } = sheet.picture("handfuls", (across) => handfulsHigh(across) + 84, `The newest handful scores ${score(newest.value, true)}, with an interval from ${score(newest.low, true)} to ${score(newest.high, true)}. The urn has ${score(truth, true)}.`);
  const spread = 4.5 * Math.sqrt((truth * (1 - truth)) / Math.min(values.items, AXIS_ITEMS)) + 0.02; // more questions, shorter bars: the axis stays
  const x = scaleOf([Math.max(0, truth - spread), Math.min(1, truth + spread)], [22, width - 26]);
  const high = handfulsHigh(width);
  const bottom = high + 44;
  svg.append(bottomAxis(x, bottom, { format: percentTick, title: "score" }));
  if (state.looking) svg.append(lineAt(x(truth), 16, x(truth), bottom, "zero"), textAt(x(truth), 11, `the urn: ${score(truth, true)}`, "middle small"));
  const missed = state.drawn - state.held;
  if (state.looking && state.drawn > 1) svg.append(textAt(x.to, bottom + 36, `${count(missed)} of ${count(state.drawn)} ${missed === 1 ? "misses" : "miss"}`, "end label orange"));
  svg.append(...olderHandfuls(state.handfuls.slice(1), x, high, state.looking));
  const ends = { ...newest, low: Math.max(newest.low, x.low), high: Math.min(newest.high, x.high) };
  svg.append(errorBar(x, 28, ends, newest.holds || !state.looking ? "" : "other"), textAt(x(ends.high) + 10 > width - 110 ? x.from : x(ends.high) + 10, 32, "this handful", "small halo"));
}

/** The handfuls before the newest, packed the closer the more there are; those that miss the urn's score on top. */
function olderHandfuls(handfuls, x, high, open) {
  const row = Math.min(14, high / Math.max(handfuls.length, 1));
  const lines = (missed) => handfuls.flatMap(({ low, high, holds }, k) => {
    const y = 46 + row * k;
    return (holds || !open) === missed ? [] : [`M${x(Math.max(low, x.low)).toFixed(1)},${y.toFixed(1)}H${x(Math.min(high, x.high)).toFixed(1)}`];
  });
  const thick = Math.max(1.2, Math.min(3, row * 0.5));
  const missed = lines(true);
  return [
    shape("path", { d: lines(false).join(""), class: "many", "stroke-width": thick }),
    shape("path", { d: missed.join(""), class: "many missed", "stroke-width": thick + 1.2 }),
  ];
}

function tellHandfuls(sheet, truth) {
  const { state, values } = sheet;
  const newest = state.handfuls[0];
  const bar = `${score(newest.value, true)}, and the error bar says ${scoreNumber(newest.low, true)} to ${score(newest.high, true)}`;
  const counted = ` Of ${count(state.drawn)} error bars so far, ${count(state.held)} hold the urn’s ${score(truth, true)} (${share(state.held / state.drawn)}).`;
  const urn = state.drawn === 1 ? ` The urn has ${score(truth, true)}. Draw another.` : counted;
  const closed = state.drawn === 1 ? " That is all that anybody ever gets to see." : " Which of the bars miss the urn’s score? With the urn closed, nobody can say.";
  sheet.tell({ said: `This handful of ${count(values.items)} says ${bar}.${state.looking ? urn : closed}` });
}
