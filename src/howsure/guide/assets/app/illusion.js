// Chapter 1: draw the questions anew, and watch the ranks shuffle.

const RACE_ROW = 26;
const MOST_ANEW = 2000;

const illusion = {
  values: { models: 12, items: 500, whole: false },

  fit(sheet, board) {
    const models = Math.min(12, board.models.length);
    sheet.limit("models", { min: Math.min(2, board.models.length), max: Math.min(20, board.models.length) });
    sheet.limit("items", { min: 10, max: Math.max(MOST_ANEW, board.items), step: 10 });
    sheet.part("clusters", board.clusters !== null);
    forget(sheet);
    return { models, items: board.items };
  },

  once: (sheet) => drawAnew(sheet, 1),
  often: (sheet) => drawAnew(sheet, 100),
  again: forget,

  draw(sheet) {
    const { models, items, whole } = sheet.values;
    const now = `${models} ${items} ${whole}`;
    if (sheet.state.about !== now) Object.assign(forget(sheet), { about: now });
    const published = [...Array(models).keys()];
    drawRace(sheet, published);
    tellRace(sheet, published);
  },
};

/** Forget the draws so far: they were of another number of models or questions. */
function forget(sheet) {
  const source = randomOf(2024);
  sheet.state = { random: source, draws: 0, first: new Uint32Array(sheet.board.models.length), last: null, about: sheet.state.about };
  return sheet.state;
}

/** Draw as many questions again from those there are, with replacement (whole clusters where wanted), and rank the models on them. */
function drawAnew(sheet, times) {
  const { state, values } = sheet;
  for (let k = 0; k < times; k++) {
    state.last = ranksOf(redrawn(sheet.board, values, state.random));
    state.first[state.last[0].model] += 1;
    state.draws += 1;
  }
}

/** Return the score of each model on a new draw of questions. */
function redrawn(board, { models, items, whole }, random) {
  const drawn = whole && board.clusters ? drawClusters(random, board.clusters.codes, items) : drawWith(random, board.items, items);
  return board.scores.slice(0, models).map((scores) => {
    let [sum, n] = [0, 0];
    for (const item of drawn) {
      if (Number.isNaN(scores[item])) continue;
      sum += scores[item];
      n += 1;
    }
    return sum / n;
  });
}

/** Draw whole clusters with replacement until there are about as many items as wanted. */
function drawClusters(random, codes, items) {
  const members = membersOf(codes);
  const drawn = [];
  while (drawn.length < items) drawn.push(...members[Math.floor(random() * members.length)]);
  return drawn;
}

/** Return the items of each cluster. */
function membersOf(codes) {
  const found = new Map();
  codes.forEach((code, item) => found.set(code, [...(found.get(code) ?? []), item]));
  return [...found.values()];
}

function ranksOf(scores) {
  return scores.map((value, model) => ({ model, value })).sort((one, other) => other.value - one.value || one.model - other.model);
}

function drawRace(sheet, published) {
  const { board, state } = sheet;
  const now = state.last ?? published.map((model) => ({ model, value: board.score(model) }));
  const { svg, width, narrow } = sheet.picture("race", 34 + RACE_ROW * published.length, toldRace(sheet, now));
  const [left, right] = narrow ? [0.5 * width, width - 92] : [0.36 * width, width - 250];
  const rowY = (rank) => 40 + RACE_ROW * rank;
  svg.append(textAt(left - 8, 16, "published", "tick end"), textAt(right + 8, 16, state.draws ? "this draw" : narrow ? "" : "no draw yet", "tick"), textAt(width, 16, "first", "tick end"));
  now.forEach(({ model, value }, rank) => {
    const kind = model === 0 ? "leader" : rank < model ? "up" : rank > model ? "down" : "same";
    const path = `M${left},${rowY(model)} C${(left + right) / 2},${rowY(model)} ${(left + right) / 2},${rowY(rank)} ${right},${rowY(rank)}`;
    const share = state.draws ? state.first[model] / state.draws : 0;
    svg.append(
      shape("path", { d: path, class: `slope ${kind}` }),
      textAt(left - 8, rowY(model) + 4, `${model + 1}  ${shorten(board.names[model], narrow ? 17 : 30)}`, `end ${kind}`),
      textAt(right + 8, rowY(rank) + 4, narrow ? score(value, true) : `${score(value, true)}  ${shorten(board.names[model], 14)}`, kind),
      rectAt(width - 40 * share, rowY(rank) - 9, 40 * share, 17, `share ${kind}`),
      textAt(width - 3, rowY(rank) + 4, state.first[model] ? count(state.first[model]) : "", "end small"),
    );
  });
}

function toldRace({ board, state }, now) {
  if (!state.draws) return `${count(now.length)} models in their published order. No draw yet.`;
  return `After ${plural(state.draws, "draw")}: first now ${board.names[now[0].model]} with ${score(now[0].value, true)}. ${board.names[0]} was first in ${count(state.first[0])}.`;
}

function tellRace(sheet, published) {
  const { board, state } = sheet;
  const winners = published.filter((model) => state.first[model] > 0).length;
  const stayed = state.draws ? share(state.first[0] / state.draws) : "?";
  sheet.tell({
    leader: board.names[0],
    score: score(board.score(0), true),
    second: published.length > 1 ? board.names[1] : "",
    gap: published.length > 1 ? gap(board.score(0) - board.score(1), true) : "",
    all: count(board.items),
    said: state.draws
      ? `In ${plural(state.draws, "draw")}, the leader stayed first in ${count(state.first[0])} (${stayed}); ${plural(winners, "model")} came first at least once. No model changed. Only the questions did.`
      : "Draw the questions anew, and see who comes first.",
  });
}
