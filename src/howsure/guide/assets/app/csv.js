// A dropped CSV as a board. It never leaves the browser. What isn't a plain table of scores is refused with the command that reads it.

const CSV_NAMES = {
  model: "model model_name model_id system candidate checkpoint agent llm retriever".split(" "),
  item: "item item_id question_id qid sample_id instance_id example_id problem_id task_id doc_hash doc_id question problem prompt_id id".split(" "),
  score: "score correct is_correct value reward passed pass resolved is_resolved solved acc accuracy result verdict".split(" "),
  cluster: ["cluster", "cluster_id"],
};
const MOST_CELLS = 2_000_000;

class NotATable extends Error {}

/** Return what Board takes, from the text of a file with the columns model, item, score and perhaps cluster. */
function boardOfCsv(text, file) {
  const rows = csvRows(text.replace(/^\ufeff/, ""));
  const places = csvColumns(rows[0] ?? []);
  const [models, items, groups] = [new Names(), new Names(), new Names()];
  const cells = new Map();
  const clusters = new Map();
  for (let line = 1; line < rows.length; line++) {
    const row = rows[line];
    if (row.length === 1 && row[0] === "") continue;
    const value = csvScore(row[places.score], line + 1);
    const [m, i] = [models.code(row[places.model] ?? ""), items.code(row[places.item] ?? "")];
    const cell = cells.get(m * 2 ** 32 + i) ?? { m, i, sum: 0, squares: 0, n: 0, whole: true };
    cell.sum += value;
    cell.squares += value * value;
    cell.n += 1;
    cell.whole &&= value === 0 || value === 1;
    cells.set(m * 2 ** 32 + i, cell);
    if (places.cluster < 0) continue;
    const code = groups.code(row[places.cluster] ?? "");
    if ((clusters.get(i) ?? code) !== code) throw new NotATable(`line ${line + 1}: item ${visible(row[places.item])} stands in two clusters`);
    clusters.set(i, code);
  }
  if (cells.size === 0) throw new NotATable("there is no row with a score");
  if (models.all.length * items.all.length > MOST_CELLS) throw new NotATable(`${count(models.all.length)} models × ${count(items.all.length)} items are too many for this page`);
  return csvBoard(file, models.all, items.all.length, [...cells.values()], places.cluster < 0 ? null : clusters, groups.all);
}

/** Numbers for names, in the order in which they come. */
class Names {
  constructor() {
    this.codes = new Map();
    this.all = [];
  }

  code(name) {
    if (!this.codes.has(name)) this.codes.set(name, this.all.push(name) - 1);
    return this.codes.get(name);
  }
}

function csvColumns(header) {
  const names = header.map((name) => name.trim().toLowerCase().replace(/[\s-]+/g, "_"));
  const place = (known) => names.indexOf(known.find((name) => names.includes(name)));
  const places = Object.fromEntries(Object.entries(CSV_NAMES).map(([key, known]) => [key, place(known)]));
  const lacking = ["model", "item", "score"].filter((key) => places[key] < 0);
  if (lacking.length) throw new NotATable(`there is no column ${lacking.join(", ")}; the first line has: ${names.map(visible).join(", ") || "nothing"}`);
  return places;
}

function csvScore(text, line) {
  const value = (text ?? "").trim() === "" ? NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new NotATable(`line ${line}: the score is ${JSON.stringify(visible(text ?? ""))}, not a number from 0 to 1`);
  return value;
}

function csvBoard(file, models, items, cells, clusters, groups) {
  const scores = models.map(() => new Array(items).fill(null));
  const counts = models.map(() => new Array(items).fill(0));
  const whole = models.map(() => true);
  const [within, counted, attempts, answered] = [0, 0, 0, 0].map(() => new Float64Array(models.length));
  for (const { m, i, sum, squares, n, whole: single } of cells) {
    scores[m][i] = sum / n;
    counts[m][i] = n;
    whole[m] &&= single;
    attempts[m] += 1 / n;
    answered[m] += 1;
    if (n < 2) continue;
    within[m] += Math.max(squares - (sum * sum) / n, 0) / (n - 1);
    counted[m] += 1;
  }
  const mean = (values) => values.reduce((sum, value) => sum + (value ?? 0), 0) / values.filter((value) => value !== null).length;
  const order = [...models.keys()].sort((a, b) => mean(scores[b]) - mean(scores[a]));
  return {
    name: file,
    task: file,
    kind: "dropped",
    path: quoted(file),
    grouping: clusters === null ? "--cluster none" : "--cluster cluster",
    models: order.map((m) => models[m]),
    left: 0,
    said: [],
    scores: { levels: null, cells: order.map((m) => scores[m]) },
    clusters: clusters === null ? null : { name: "cluster", codes: Array.from({ length: items }, (_, i) => clusters.get(i)), labels: groups },
    attempts: order.map((m) => answered[m] / attempts[m]),
    within: order.map((m) => (counted[m] ? within[m] / counted[m] : null)),
    answers: order.map((m) => (whole[m] ? counts[m] : null)),
  };
}

/** Part a CSV into rows of fields (RFC 4180): quotes hold commas, line ends and doubled quotes. */
function csvRows(text) {
  const rows = [[]];
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|\r|$)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) throw new NotATable(`line ${rows.length}: a quotation mark stands where none can`);
    const [, value, end] = found;
    rows.at(-1).push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end !== "," && field.lastIndex < text.length) rows.push([]);
    if (end === "," && field.lastIndex === text.length) rows.at(-1).push("");
  }
  return rows;
}
