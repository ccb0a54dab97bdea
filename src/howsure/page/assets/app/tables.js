// The tables of the page as tables for other programs: of a board, of pairs, of questions, and of whatever is shown as one.

/** Return the board's table with these rows, as `leaderboard` has it. */
function boardTable({ board }, order) {
  const drawn = board.columns.findIndex((column) => column.name === BARS);
  const kept = [...board.columns.keys()].filter((k) => k !== drawn);
  const columns = kept.map((k) => ({ ...board.columns[k] }));
  const errors = columns.findIndex((column) => column.name === "SE");
  if (errors > 0) columns[errors - 1].error = errors;
  const rows = order.map((m) => kept.map((k) => board.cells[m][k]));
  return { columns, rows, records: order.map((m) => boardRecord(board, m)), strong: order.map((m) => board.models[m].best) };
}

/** Return a model as `leaderboard --format csv` has it. */
function boardRecord(board, m) {
  const { task, metric, level, models } = board;
  const { rank, rank_low, rank_high, best, model, value, se, low, high, df, n_items, n_clusters, method } = models[m];
  const { n_attempts, n_failed } = models[m];
  const ranks = { rank, rank_low, rank_high, could_be_best: best, group: tiesOf(board, m) };
  const estimate = { value, se, low, high, level, df, n_items, n_clusters, method };
  return { ...ranks, task, metric, model, ...estimate, n_attempts, n_failed };
}

/** Return the models of the slice that is shown, ranked on it. */
function sliceTable(panel) {
  const { ranked, shown: { task, metric, percent } } = panel;
  const { full } = panel.lines();
  const { value, low, high, rank, rank_low, rank_high, best, level: sure } = ranked;
  const range = (k) => (low[k] === null ? "n/a" : `[${scoreNumber(low[k], percent)}, ${scoreNumber(high[k], percent)}]`);
  const heads = ["rank", "rank CI", "model", `score${percent ? " %" : ""}`, `${level(Number(sure.toFixed(4)))} CI`];
  return {
    columns: heads.map((name, k) => ({ name, align: k === 1 || k === 2 ? "left" : "right" })),
    rows: full.map((model, k) => [String(rank[k]), places({ rank_low: rank_low[k], rank_high: rank_high[k] }), model, scoreNumber(value[k], percent), range(k)]),
    records: full.map((model, k) => ({
      ...{ slice: at("slice-name").selectedOptions[0].text, task, metric, rank: rank[k], rank_low: rank_low[k], rank_high: rank_high[k] },
      ...{ could_be_best: best[k], model, value: value[k], low: low[k], high: high[k], level: sure },
    })),
  };
}

/** Return models × tasks with scores and tie groups; as data, every board below each other. */
function tasksTable({ boards, titles, models, places }) {
  const heads = titles.map((name) => ({ name, align: "right" }));
  const cell = (board, m) => `${scoreNumber(board.models[m].value, board.percent)} ${tiesOf(board, m)}`.trim();
  return {
    columns: [{ name: "model", align: "left" }, ...heads],
    rows: models.map((name) => [
      name,
      ...boards.map((board, k) => (places[k].has(name) ? cell(board, places[k].get(name)) : "–")),
    ]),
    records: boards.flatMap((board) => board.models.map((_, m) => boardRecord(board, m))),
  };
}

/** Return what is in view: scores, or differences to the chosen model. */
function viewTable(table) {
  const { board, view, drawn } = table;
  if (!view.differences || view.pairs === null) return boardTable(table, drawn.order);
  const against = view.against;
  return pairTable(
    board,
    view.pairs,
    drawn.order.filter((m) => m !== against).map((m) => [m, against]),
  );
}

/** Return every pair that the page holds, or of so many models the first. */
function allPairs({ board, view: { pairs } }) {
  const of = [...Array(pairs.models).keys()];
  return pairTable(
    board,
    pairs,
    of.flatMap((a) => of.slice(a + 1).map((b) => [a, b])),
  );
}

function pairTable(board, pairs, chosen) {
  const known = chosen.map((pair) => [pair, pairs.of(...pair)]).filter(([, pair]) => pair !== null && pair.d !== null);
  const names = shortNames(board.models.map((model) => model.model));
  const pp = unit(board.percent);
  const heads = ["a", "b", `a − b${pp && ", points"}`, `${level(board.level)} CI`, "p", "p among all pairs"];
  const shown = corrected(board) ? heads : heads.slice(0, -1);
  return {
    columns: shown.map((name, k) => ({ name, align: k < 2 ? "left" : "right" })),
    rows: known.map(([[a, b], pair]) =>
      [names[a], names[b], pair.difference, `[${pair.low}, ${pair.high}]`, pair.p, pair.q].slice(0, shown.length),
    ),
    records: known.map(([[a, b], pair]) => pairRecord(board, a, b, pair)),
  };
}

/** Return a pair as `compare --format csv` has it; limits have the digits that the page holds. */
function pairRecord({ task, metric, percent, level: sure, models }, a, b, pair) {
  const limit = (text) => (text === "n/a" ? null : Number((number(text) / (percent ? 100 : 1)).toPrecision(12)));
  const p = (text) => (Number.isFinite(Number(text)) ? Number(text) : text === "n/a" ? null : text);
  const { d: difference, se, df, n: n_items, g: n_clusters, wins, losses, ties } = pair;
  return {
    ...{ task, metric, a: models[a].model, b: models[b].model, difference, se },
    ...{ low: limit(pair.low), high: limit(pair.high), level: sure, df, n_items, n_clusters },
    ...{ p_value: p(pair.p), p_adjusted: p(pair.q), wins, losses, ties },
  };
}

/** Return the questions that broke and that were fixed between two models, those that count most first. */
function questionTable({ parts, items, names, shown: { percent, lower, models } }, [a, b]) {
  const sorted = parts.filter(({ part }) => part !== 0).toSorted((x, y) => Math.abs(y.part) - Math.abs(x.part));
  const what = ({ part }) => (part > 0 !== lower ? "broke" : "fixed");
  const told = sorted.toSorted((x, y) => what(x).localeCompare(what(y)));
  const cluster = ({ k }) => (items.clusters === null ? null : items.labels[items.clusters[k]]);
  const columns = ["", "question", ...(items.clusters === null ? [] : [items.name || "cluster"]), ...names];
  return {
    columns: columns.map((name, k) => ({ name, align: k < columns.length - 2 ? "left" : "right" })),
    rows: told.map((item) => [
      ...[what(item), items.ids[item.k], ...(items.clusters === null ? [] : [cluster(item)])],
      ...[scoreNumber(item.a, percent), scoreNumber(item.b, percent)],
    ]),
    records: told.map((item) => ({
      ...{ outcome: what(item), item: items.ids[item.k], cluster: cluster(item) },
      ...{ a: models[a].model, b: models[b].model, a_score: item.a, b_score: item.b },
    })),
  };
}

/** Read a table that is shown: without the columns that are drawn. */
function shownTable(element) {
  const heads = [...element.querySelectorAll("thead tr:first-child > *")];
  const lines = [...element.querySelectorAll("tbody tr")];
  const drawn = (k) => lines.some((line) => line.children[k]?.querySelector("svg"));
  const first = [...(lines[0]?.children ?? [])];
  const kept = [...first.keys()].filter((k) => !drawn(k));
  const columns = kept.map((k) => ({
    name: heads[k]?.textContent.trim() ?? "",
    align: first[k].classList.contains("number") ? "right" : "left",
  }));
  return { columns, rows: lines.map((line) => kept.map((k) => line.children[k]?.textContent.trim() ?? "")) };
}

/** Read a list of facts that is shown. */
function shownFacts(element) {
  const [names, values] = ["dt", "dd"].map((tag) => [...element.querySelectorAll(tag)].map((each) => each.textContent));
  const columns = ["", ""].map((name) => ({ name, align: "left" }));
  return { columns, rows: names.map((name, k) => [name, values[k]]) };
}
