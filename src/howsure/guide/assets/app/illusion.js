// Chapter 1: draw the questions anew, and watch the ranks shuffle.

const MOST_ANEW = 2000;
const MOST_REDRAWN = 600_000;

const illusion = {
  values: { models: 12, items: 500, whole: false },

  guess: {
    kind: "range",
    ends: [0, 100, 1],
    unit: " draws",
    ask: ({ board }) => `Suppose other questions of this kind had been asked, a hundred times over. In how many of these draws will ${board.names[0]} come first? Drag the ends of a range that you are fairly sure of.`,
    reveal: (sheet) => drawAnew(forget(sheet), 100),
    possible: ({ board }) => board.models.length > 1,
    truth: ({ state }) => state.first[0],
    told: ({ board }, truth) => `${board.names[0]} came first in ${count(truth)} of 100 draws.`,
  },

  fit(sheet, board) {
    const models = Math.min(12, board.models.length);
    sheet.limit("models", { min: Math.min(2, board.models.length), max: Math.min(20, board.models.length) });
    sheet.limit("items", { min: 10, max: Math.max(MOST_ANEW, board.items), step: 10 });
    forget(sheet);
    return { models, items: board.items };
  },

  once: (sheet) => drawAnew(sheet, 1),
  often: (sheet) => drawAnew(sheet, 100),
  again: forget,

  draw(sheet) {
    const { models, items, whole } = sheet.values;
    const now = `${models} ${items} ${whole}`;
    if (sheet.state.about !== now) drawnAgain(sheet, now);
    const published = racers(sheet);
    drawRace(sheet, published);
    tellRace(sheet, published);
  },
};

/** The models that race, in their published order: the best, and the two of the story. */
function racers({ board, values }) {
  const pair = values.models > 3 && board.b >= 0 ? [board.a, board.b] : [];
  const best = [...Array(board.models.length).keys()].filter((model) => !pair.includes(model));
  return [...best.slice(0, values.models - pair.length), ...pair].sort((one, other) => one - other);
}

/** The models or the questions are others: as many draws of these as there were, but no more than a slider can wait for. */
function drawnAgain(sheet, now) {
  const [{ draws }, { models, items }] = [sheet.state, sheet.values];
  forget(sheet).state.about = now;
  if (draws) drawAnew(sheet, Math.max(1, Math.min(draws, 100, Math.floor(MOST_REDRAWN / (models * items)))));
}

/** Forget the draws so far. */
function forget(sheet) {
  const models = sheet.board.models.length;
  const { about, random = randomOf(2024) } = sheet.state;
  sheet.state = { random, draws: 0, ahead: 0, first: new Uint32Array(models), ended: new Uint32Array(models * models), last: null, about };
  return sheet;
}

/** Draw as many questions again from those there are, with replacement (whole clusters where wanted), and rank the models on them. */
function drawAnew(sheet, times) {
  const { board, state, values: { items, whole } } = sheet;
  const { random } = state;
  const [size, racing] = [board.models.length, racers(sheet)];
  const pair = storyFacts(board);
  for (let k = 0; k < times; k++) {
    const drawn = whole && board.groups ? drawClusters(random, board.groups, items) : drawWith(random, board.items, items);
    state.last = ranksOf(racing, racing.map((model) => board.score(model, drawn)));
    state.last.forEach(({ model }, rank) => { state.ended[model * size + rank] += 1; });
    state.first[state.last[0].model] += 1;
    state.ahead += pair && board.score(pair.a.m, drawn) > board.score(pair.b.m, drawn) ? 1 : 0;
    state.draws += 1;
  }
  state.from = { places: state.places, shares: state.shares };
  sheet.glide(times > 1 ? 900 : 600);
}

/** Draw whole clusters with replacement until there are about as many items as wanted. */
function drawClusters(random, groups, items) {
  const drawn = [];
  while (drawn.length < items) {
    for (const item of groups[Math.floor(random() * groups.length)]) drawn.push(item);
  }
  return drawn;
}

function ranksOf(racing, scores) {
  return scores.map((value, k) => ({ model: racing[k], value })).sort((one, other) => other.value - one.value || one.model - other.model);
}

function drawRace(sheet, published) {
  const { board, state } = sheet;
  const now = state.last ?? published.map((model) => ({ model, value: board.score(model) }));
  const step = Math.min(26, Math.max(17, 320 / published.length));
  const race = sheet.picture("race", 34 + step * published.length, toldRace(sheet, now));
  const { svg, width, narrow } = race;
  const row = new Map(published.map((model, k) => [model, k]));
  const [end, left, right] = narrow ? [width - 186, width - 132, width - 64] : [0.36 * width, 0.36 * width + 92, width - 220];
  const places = { end, bar: end + 8, room: left - end - 40, left, right, y: (rank) => 40 + step * rank };
  Object.assign(state, racedSoFar(state, now, row, sheet.moved));
  svg.append(textAt(end, 16, "published", "tick end"), textAt(places.bar, 16, "came first", "tick"), textAt(narrow ? width : right + 8, 16, state.draws ? "this draw" : "no draw yet", narrow ? "tick end" : "tick"));
  svg.append(...flowsOf(sheet, published, row, places));
  now.forEach(({ model, value }, rank) => {
    const own = row.get(model);
    const kind = model === 0 ? "leader" : rank < own ? "up" : rank > own ? "down" : "same";
    const y = places.y(state.places[model]);
    svg.append(shape("path", { d: slopePath(places, places.y(own), y), class: `slope ${kind}` }));
    svg.append(textAt(right + 8, y + 4, narrow ? score(value, true) : `${score(value, true)}  ${fitted(board.names[model], width - right - 70)}`, kind));
    svg.append(...publishedRow(sheet, model, own, places, kind));
  });
}

/** Return at which rank each model is shown, and with which share of first places: on the way from where it was to where it is now. */
function racedSoFar({ from, first, draws }, now, row, moved) {
  const [places, shares] = [[], []];
  const between = (one, other) => one * (1 - moved) + other * moved;
  now.forEach(({ model }, rank) => {
    places[model] = between(from?.places?.[model] ?? row.get(model), rank);
    shares[model] = between(from?.shares?.[model] ?? 0, draws ? first[model] / draws : 0);
  });
  return { places, shares };
}

/** All draws so far as one tangle: the more often a model ended at a rank, the stronger its line. */
function flowsOf({ state, board }, published, row, places) {
  const size = board.models.length;
  return published.flatMap((model) => published.flatMap((_, rank) => {
    const share = state.draws > 1 ? state.ended[model * size + rank] / state.draws : 0;
    if (!share) return [];
    return [shape("path", { d: slopePath(places, places.y(row.get(model)), places.y(rank)), class: model ? "flow" : "flow leader", "stroke-width": 1 + 8 * share })];
  }));
}

function slopePath({ left, right }, from, to) {
  const middle = (left + right) / 2;
  return `M${left},${from} C${middle},${from} ${middle},${to} ${right},${to}`;
}

/** The published rank and name of a model, and a bar for how often it came first. */
function publishedRow({ state, board }, model, own, places, kind) {
  const y = places.y(own);
  const share = state.shares[model];
  return [
    textAt(places.end, y + 4, `${model + 1}  ${fitted(board.names[model], places.end - 28)}`, `end ${kind}`),
    rectAt(places.bar, y - 8, places.room * share, 16, `share ${kind}`),
    textAt(places.bar + places.room * share + 4, y + 4, state.first[model] ? count(state.first[model]) : "", "small"),
  ];
}

function toldRace({ board, state }, now) {
  if (!state.draws) return `${count(now.length)} models in their published order. No draw yet.`;
  return `After ${plural(state.draws, "draw")}: first now ${board.names[now[0].model]} with ${score(now[0].value, true)}. ${board.names[0]} was first in ${count(state.first[0])}.`;
}

function tellRace(sheet, published) {
  const { board, state } = sheet;
  sheet.tell({
    leader: board.names[0],
    score: score(board.score(0), true),
    ahead: aheadText(board, published),
    all: plural(board.answered(0).values.length, "question"),
    said: racedText(state, published),
  });
}

function racedText({ draws, first }, published) {
  if (published.length < 2) return "One model has nobody to race. Draw all the same, and watch its score move; or choose other results above.";
  if (!draws) return "Draw new questions, and see who comes first.";
  const winners = published.filter((model) => first[model] > 0).length;
  return `In ${plural(draws, "draw")}, the leader stayed first in ${count(first[0])} (${share(first[0] / draws)}); ${plural(winners, "model")} came first at least once. No model changed. Only the questions did.`;
}

function aheadText(board, published) {
  if (published.length < 2) return ", with nobody to race against";
  const by = board.score(0) - board.score(1);
  return by < 0.0005 ? `, level with ${board.names[1]}` : `, ${gap(by, true)} ahead of ${board.names[1]}`;
}
