// What the bars of a board show: scores, or differences to a chosen model. A bar: its ends, its kind, and what it says in words.

/** Return the bar of a model's score. */
function scoreBar(percent, ranked) {
  const { model, value, low, high, rank, best } = ranked;
  const scale = percent ? 100 : 1;
  const range = low === null ? "no error bar" : `(${scoreNumber(low, percent)}–${scoreNumber(high, percent)})`;
  return {
    value: scaledEnd(value, scale),
    low: scaledEnd(low, scale),
    high: scaledEnd(high, scale),
    kind: best ? "sure" : "unsure",
    told: `${visible(model)}: ${score(value, percent)} ${range}, rank ${rank}, rank CI ${places(ranked)}`,
  };
}

function scaledEnd(value, scale) {
  return value === null ? NaN : scale * value;
}

function places({ rank_low: low, rank_high: high }) {
  return low === high ? `${low}` : `${low}–${high}`;
}

/** Return the bar of the difference between a model and the chosen one, paired. */
function differenceBar(board, pairs, m, chosen) {
  const [name, other] = [m, chosen].map((k) => visible(board.models[k].model));
  if (m === chosen) return { value: 0, kind: "self", told: `${name}: the others are held against it` };
  const pair = pairs.of(m, chosen);
  if (pair === null) return { kind: "unsure", told: `${name}: the page compares the best ${count(pairs.models)} models` };
  if (pair.n === 0 || pair.d === null) return { kind: "unsure", told: `${name}: no question in common with ${other}` };
  const [low, high] = [pair.low, pair.high].map(number);
  const kind = evidence(pair, board);
  return {
    value: (board.percent ? 100 : 1) * pair.d,
    low,
    high,
    kind,
    told:
      `${name} − ${other}: ${pair.difference}${unit(board.percent)} [${pair.low}, ${pair.high}], p ${equal(pair.p)}` +
      `${corrected(board) ? `, among all pairs p ${equal(pair.q)}` : ""}: ${SHOWN[kind]}`,
  };
}

const SHOWN = {
  sure: "shown not to be 0",
  single: "shown not to be 0 only if this is the one pair that you meant to compare",
  unsure: "not shown to differ from 0",
};

/** Say how sure it is that two models differ: among all pairs, as a single pair, or not. */
function evidence({ flags }, board) {
  if (!(flags & 1)) return "unsure";
  return flags & 2 || !corrected(board) ? "sure" : "single";
}

/** Say whether the pairs of a board are corrected for being many. */
function corrected(board) {
  return board.adjust !== "none" && board.models.length > 2;
}

function equal(p) {
  return p.startsWith("<") ? p : `= ${p}`;
}

/** Return what the bars and their kinds mean; `chosen`: the model that differences are to, null for scores. */
function legendOf(board, chosen) {
  const sure = level(board.level);
  if (chosen === null) {
    return {
      title: `score${board.percent ? " (%)" : ""} with its ${sure} interval`,
      kinds: { sure: "could be best", unsure: "not best" },
    };
  }
  return {
    title: `difference to ${chosen}${board.percent ? ", points" : ""} with its ${sure} paired interval`,
    kinds: corrected(board)
      ? { sure: "not 0, also among all pairs", single: "not 0 only as a single pair", unsure: "could be 0" }
      : { sure: "not 0", unsure: "could be 0" },
  };
}
