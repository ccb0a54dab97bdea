// A dropped table as a board, read as the commands read it (table/schema.py, table/cells.py, readers/tables.py). It never leaves the
// browser. Anything but a table of scores from 0 to 1 is refused with the command that reads it.

const listOf = (text) => text.split(" ");
/** Names of columns by role, in the order in which roles choose; the first name that a table has counts. */
const CSV_NAMES = {
  task: listOf("task benchmark task_name eval eval_name dataset scenario"),
  model: listOf("model model_name model_id system candidate checkpoint agent llm retriever"),
  item: listOf("item item_id question_id qid sample_id instance_id example_id problem_id task_id doc_hash doc_id question problem prompt_id id"),
  attempt: listOf("attempt epoch trial repeat replicate run seed"),
  metric: listOf("metric metric_name scorer"),
  score: listOf("score correct is_correct value reward passed pass resolved is_resolved solved acc accuracy result exact_match em f1 f1_score bleu rouge rouge1 rouge_1 rouge2 rouge_2 rougel rouge_l rougelsum rouge_lsum success ok verdict"),
  status: ["status"],
  cluster: ["cluster", "cluster_id"],
};
const CSV_METRICS = /^(exact_match|em|f1|f1_score|bleu|rouge.*)$/;
const NO_SCORE = new Set(listOf(" na n/a #n/a null none nan - – —"));
const WORTH = new Map([
  ...listOf("c correct true yes y pass passed resolved good right").map((word) => [word, 1]),
  ...listOf("i incorrect false no n fail failed unresolved bad wrong").map((word) => [word, 0]),
  ...listOf("p partial").map((word) => [word, 0.5]),
]);
/** Statuses of attempts whose score doesn't count. */
const UNTRIED = /^(error|unscored|not run|not (attempted|generated|evaluated|started)|no (generation|prediction|submission)|skipped)$/;
/** Columns of a table without scores that aren't models, by words in their names (table/sides.py). */
const NO_MODEL = /^(labels?|gold|truth|target|human|judge|rater|annotator)$/;
/** What a column between several rows of a question is, by its name: a number of attempts, a factor that is read as one, a text, something else (table/repeats.py). */
const NUMBERS = /^(sample(_idx|_id|_index)?|rollout(_id)?|repetition|rep|iteration|try|run_id|run_number|attempt_id|trial_id|completion_id|generation)$/;
const FACTOR = /^(seed|run|prompt|template|paraphrase|judge|grader|rater|user)(_(id|name|no|number|index|idx|key))*$/;
const WRITTEN = /^(answer|completion|response|output|reply|generat.*|model_answer|model_output|predict.*|extracted_answer|text|code|patch|solution|reasoning|explanation|rationale|comments?|feedback|notes?|error(_message)?|traceback|log|trace|transcript|messages|source|weight|question_hash|target_hash|stop)$/;
const SETTING = /^(temperature|checkpoint|(.*_)?(judge|rater|annotator|grader|assessor|reviewer|labell?er|evaluator|expert|worker))(_(id|name|model|no|number|index|idx|key))*$/;
const LONG_TEXT = 60;
const [MOST_CELLS, FEW_EFFECTIVE] = [2_000_000, 6];

class NotATable extends Error {}

/** Return what Board takes, from the text of a file (NotATable: why it isn't a table of scores). */
function boardOfCsv(text, file) {
  const table = csvTable(text.replace(/^\ufeff/, ""), file);
  return boardOfRows(table, csvPart(table));
}

function boardOfRows(table, rows) {
  const [models, items] = [new Names(), new Names()];
  const [cells, clusters, seen] = [new Map(), new Map(), new Map()];
  let without = 0;
  for (const row of rows) {
    const [m, i] = [models.code(csvName(table, row, "model")), items.code(csvName(table, row, "item"))];
    csvCluster(table, row, i, clusters);
    const key = m * 2 ** 32 + i;
    const cell = cells.get(key) ?? { m, i, sum: 0, squares: 0, n: 0, whole: true, rows: [] };
    cells.set(key, cell);
    if (table.places.attempt < 0) cell.rows.push(row);
    if (row.value === null) without += 1;
    if (row.value === null || csvCopy(table, row, key, seen)) continue;
    cell.sum += row.value;
    cell.squares += row.value * row.value;
    cell.n += 1;
    cell.whole &&= row.value === 0 || row.value === 1;
  }
  const told = [...cells.values()].filter((cell) => cell.n > 0);
  if (told.length === 0) throw new NotATable("there is no row with a score");
  if (models.all.length * items.all.length > MOST_CELLS) throw new NotATable(`${count(models.all.length)} models × ${count(items.all.length)} items are too many for this page`);
  const apart = columnApart(table, [...cells.values()].filter((cell) => cell.rows.length > 1), ({ m, i }) => [models.all[m], items.all[i]]);
  if (apart >= 0) return boardOfRows({ ...table, places: { ...table.places, attempt: apart } }, rows);
  if (without) table.said.push(`${plural(without, "row")} without a score left out.`);
  return csvBoard(table, models.all, items.all, told, clusters);
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

/** Return the rows of a file, {cells, line, value}, the places of its columns, and what is to be known about it. */
function csvTable(text, file) {
  const lines = csvRows(...csvCells(text, file));
  const { cells: header = [] } = lines.shift() ?? {};
  const names = header.map((name) => name.trim().toLowerCase().replace(/[\s-]+/g, "_"));
  const rows = lines.filter(({ cells }) => cells.length > 1 || cells[0] !== "");
  const cut = rows.length > 0 && !/[\r\n]$/.test(text) && rows.at(-1).cells.length < header.length ? rows.pop() : null;
  const long = rows.find(({ cells }) => cells.length > Math.max(header.length, 1));
  if (long) throw new NotATable(`line ${long.line}: ${long.cells.length} cells below a header of ${header.length}`);
  const table = { file, header, names, rows, places: csvPlaces(names), said: [], stem: file.replace(/(?<=.)\.[^.]*$/, "") };
  const renamed = Object.entries(table.places).filter(([role, place]) => place >= 0 && header[place] !== role);
  if (cut) table.said.push(`The file ends in mid-row: line ${cut.line} is left out.`);
  if (renamed.length) table.said.push(`Columns: ${renamed.map(([role, place]) => `${visible(header[place])} as ${role}`).join(", ")}.`);
  const models = modelColumns(table);
  if (models.length) return widened(table, models);
  const lacking = ["item", "score"].filter((role) => table.places[role] < 0);
  if (lacking.length) throw new NotATable(`there is no column ${lacking.join(", ")}; the first line has: ${names.map(visible).join(", ") || "nothing"}`);
  if (table.places.model < 0) table.said.push(`No column names the model, so it is named after the file: ${visible(table.stem)}.`);
  readScores(table, header.length > 1 && csvMark(text, file) === ";");
  return table;
}

/** Return the place of each role's column, −1 without one: find_roles in table/schema.py. */
function csvPlaces(names) {
  const inspect = ["sample_id", "eval_id", "id", "epoch"].every((name) => names.includes(name));
  const scores = names.filter((name) => name.startsWith("score_"));
  const taken = new Set();
  const places = {};
  for (const [role, known] of Object.entries(CSV_NAMES)) {
    const there = known.filter((name) => names.includes(name) && !(inspect && /^(sample|task)_id$/.test(name)));
    const found = there.filter((name) => name === role || !taken.has(name));
    if (role === "score" && inspect && scores.length === 1) found.unshift(scores[0]);
    const unclear = found.slice(0, 2).filter((name) => CSV_METRICS.test(name)).length > 1;
    places[role] = unclear ? -1 : names.indexOf(found[0]);
    if (places[role] >= 0) taken.add(found[0]);
  }
  return places;
}

/** Return the text below comments, and what separates its cells: by the header, or the name of the file (readers/parsing.py). */
function csvCells(text, file) {
  let [last, begins] = [0, 0];
  while (text[begins] === "#") [last, begins] = [begins, text.indexOf("\n", begins) + 1 || text.length];
  if (!begins) return [text, csvMark(text, file)];
  const [below] = text.slice(begins).split("\n", 1);
  const mark = below.includes("\t") ? "\t" : csvMark(below, file);
  const alike = text.slice(last, begins).split(mark).length === below.split(mark).length;
  const header = alike && below.split(mark).some((cell) => /\d/.test(cell) && !Number.isNaN(Number(cell.replace(",", ".").replace(/[ "%\r]/g, ""))));
  const kept = text.slice(header ? last : begins);
  return [kept, csvMark(kept, file)];
}

function csvMark(text, file) {
  const [line] = text.split("\n", 1);
  if (/\.tsv$/i.test(file) || (/\.txt$/i.test(file) && line.includes("\t"))) return "\t";
  return line.includes(";") && !line.includes(",") ? ";" : ",";
}

/** Return the columns that hold a model each, where there is a question and no score: two or more of 0 and 1 (table/sides.py). */
function modelColumns({ header, names, rows, places }) {
  if (places.item < 0 || places.score >= 0 || places.model >= 0) return [];
  const told = header.map((_, c) => rows.map(({ cells }) => cells[c] ?? "").filter((cell) => cell !== ""));
  const holds = (c, test) => told[c].length > 0 && told[c].every(test);
  const truth = (c) => holds(c, (cell) => /^(true|false)$/i.test(cell));
  const free = [...header.keys()].filter((c) => !Object.values(places).includes(c) && !/^(is|has)_/.test(header[c]));
  const numbers = free.filter((c) => truth(c) || holds(c, isNumber));
  const binary = numbers.filter((c) => truth(c) || holds(c, (cell) => Number(cell) === 0 || Number(cell) === 1));
  const shares = numbers.some((c) => !binary.includes(c) && holds(c, (cell) => Number(cell) >= 0 && Number(cell) <= 1));
  const judged = numbers.some((c) => (header[c].replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().match(/[a-z]+/g) ?? []).some((word) => NO_MODEL.test(word)));
  return binary.length > 1 && !shares && !judged ? binary : [];
}

function isNumber(cell) {
  return cell.trim() !== "" && !Number.isNaN(Number(cell));
}

/** Make a row a question and model of a table with a column a model. */
function widened(table, columns) {
  const { header, rows, places } = table;
  table.said.push(`Each of the columns ${columns.map((c) => visible(header[c])).join(", ")} is a model.`);
  const [model, score] = [header.length, header.length + 1];
  const wide = columns.flatMap((c) => rows.map(({ cells, line }) => ({ line, cells: [...Array.from(header, (_, k) => cells[k] ?? ""), header[c], cells[c] ?? ""] })));
  const found = { ...table, rows: wide, header: [...header, "model", "score"], names: [...table.names, "model", "score"], places: { ...places, model, score }, models: columns };
  readScores(found, false);
  return found;
}

/** Read the scores of all rows, as table/cells.py reads a column: the distinct texts decide the decimal mark and percent. */
function readScores({ rows, places }, semicolons) {
  const first = new Map();
  for (const row of rows) {
    row.text = (row.cells[places.score] ?? "").trim().toLowerCase();
    if (!first.has(row.text)) first.set(row.text, row);
  }
  const digits = [...first.keys()].filter((text) => !NO_SCORE.has(text) && !WORTH.has(text));
  const bare = (text) => text.replace(/\s*%$/, "");
  const fits = (mark) => digits.filter((text) => numberPattern(mark).test(bare(text)));
  const refuse = (text, why) => {
    const { cells, line } = first.get(text);
    throw new NotATable(`line ${line}: the score is ${JSON.stringify(visible(cells[places.score]))}, ${why}`);
  };
  const [point, comma] = [fits("."), fits(",")];
  const neither = digits.find((text) => !point.includes(text) && !comma.includes(text));
  if (neither !== undefined) refuse(neither, "not a number from 0 to 1");
  const [points, commas] = [digits.filter((text) => !comma.includes(text)), digits.filter((text) => !point.includes(text))];
  if (points.length && commas.length) refuse(commas[0], `and elsewhere ${points[0]}: two decimal marks`);
  const doubtful = digits.find((text) => text.includes(","));
  if (doubtful !== undefined && !points.length && !commas.length && !semicolons) refuse(doubtful, "which could mean two numbers");
  const mark = commas.length || (doubtful !== undefined && !points.length) ? "," : ".";
  const percent = digits.some((text) => text.endsWith("%"));
  const unsigned = digits.find((text) => percent && !text.endsWith("%") && !/^[+-]?[0.,]+$/.test(text));
  if (unsigned !== undefined) refuse(unsigned, "beside others with a % sign");
  const worth = new Map([...WORTH, ...[...NO_SCORE].map((text) => [text, null])]);
  for (const text of digits) {
    const number = Number(bare(text).replaceAll(mark === "," ? "." : ",", "").replace(mark, ".")) / (percent ? 100 : 1);
    if (!(number >= 0 && number <= 1)) refuse(text, "not a number from 0 to 1");
    worth.set(text, number);
  }
  for (const row of rows) {
    const status = (row.cells[places.status] ?? "").trim().toLowerCase().replaceAll("_", " ");
    row.value = UNTRIED.test(status) ? null : worth.get(row.text);
  }
}

/** Return the pattern of numbers with this decimal mark; the other one may part thousands. */
function numberPattern(mark) {
  const [point, between] = mark === "." ? ["\\.", ","] : [",", "\\."];
  return new RegExp(`^[+-]?((\\d+(${point}\\d*)?|${point}\\d+)(e[+-]?\\d+)?|[1-9]\\d{0,2}(${between}\\d{3})+(${point}\\d*)?)$`);
}

/** Return the rows of the first task and metric, without empty ones, and note the task and the words of a command for it (`words`). */
function csvPart(table) {
  const { rows, places, said } = table;
  const blank = (row, role) => places[role] >= 0 && (row.cells[places[role]] ?? "").trim() === "";
  let kept = rows.filter((row) => !(blank(row, "item") && row.text === "" && (places.model < 0 || blank(row, "model"))));
  Object.assign(table, { task: table.stem, words: [] });
  for (const role of ["task", "metric", "model", "item"]) {
    const nameless = kept.find((row) => blank(row, role));
    if (nameless) throw new NotATable(`line ${nameless.line}: there is no ${role}`);
    if (places[role] < 0 || role === "model" || role === "item" || !kept.length) continue;
    const all = [...new Set(kept.map((row) => row.cells[places[role]]))];
    if (role === "task") table.task = all[0];
    if (all.length < 2) continue;
    said.push(`${count(all.length)} ${role}s, of which the lesson shows the first: ${visible(all[0])}.`);
    table.words.push(`--${role} ${quoted(all[0])}`);
    kept = kept.filter((row) => row.cells[places[role]] === all[0]);
  }
  return kept;
}

function csvName({ places, stem }, { cells }, role) {
  return places[role] < 0 ? stem : cells[places[role]];
}

/** Note the cluster of an item; one without any is its own. */
function csvCluster({ places }, { cells, line }, i, clusters) {
  const name = places.cluster < 0 ? "" : (cells[places.cluster] ?? "");
  if (name.trim() === "") return;
  if ((clusters.get(i) ?? name) !== name) throw new NotATable(`line ${line}: item ${visible(cells[places.item])} stands in two clusters`);
  clusters.set(i, name);
}

/** Say whether an attempt was there before, with the same score; refuse another score of it. */
function csvCopy({ places }, { cells, line, value }, key, seen) {
  if (places.attempt < 0) return false;
  const attempt = `${key} ${cells[places.attempt] ?? ""}`;
  const before = seen.get(attempt);
  if (before !== undefined && before !== value) throw new NotATable(`line ${line}: one attempt has two scores`);
  seen.set(attempt, value);
  return before !== undefined;
}

/** Return the column by which several rows of a question are attempts, −1 where they are without one; refuse rows that a column tells apart. */
function columnApart({ names, header, places, models = [], said }, cells, nameOf) {
  if (cells.length === 0) return -1;
  const valuesOf = (cell, c) => cell.rows.map((row) => row.cells[c] ?? "");
  const distinct = (cell, c) => new Set(valuesOf(cell, c)).size;
  const first = cells.reduce((one, other) => (nameOf(other) < nameOf(one) ? other : one));
  const free = [...header.keys()].filter((c) => !Object.values(places).includes(c) && !models.includes(c) && distinct(first, c) > 1);
  const numbers = free.find((c) => NUMBERS.test(names[c]) && cells.every((cell) => distinct(cell, c) === cell.rows.length));
  const isName = (c) => FACTOR.test(names[c]) || SETTING.test(names[c]);
  const isText = (c) => !WRITTEN.test(names[c]) && valuesOf(first, c).some((text) => text && !isNumber(text)) && valuesOf(first, c).every((text) => text.length <= LONG_TEXT);
  const telling = free.filter((c) => isName(c) || isText(c)).sort((one, other) => isName(other) - isName(one) || distinct(first, other) - distinct(first, one));
  const [apart = -1] = numbers === undefined ? telling : [numbers];
  if (apart >= 0 && apart !== numbers && !FACTOR.test(names[apart])) throw new NotATable(`a question has several rows, which the column ${visible(header[apart])} tells apart`);
  said.push(apart < 0 ? "Several rows of one question and model count as attempts." : `Rows that differ in ${visible(header[apart])} count as attempts.`);
  return apart;
}

function csvBoard(table, models, items, cells, clusters) {
  const answered = (field) => new Set(cells.map((cell) => cell[field]));
  const [some, asked] = [answered("m"), [...answered("i")].sort((one, other) => one - other)];
  const place = new Map(asked.map((i, k) => [i, k]));
  const scores = models.map(() => new Array(asked.length).fill(null));
  const counts = models.map(() => new Array(asked.length).fill(0));
  const whole = models.map(() => true);
  const [within, counted, noise, tries, means] = [0, 0, 0, 0, 0].map(() => new Float64Array(models.length));
  for (const { m, i, sum, squares, n, whole: single } of cells) {
    scores[m][place.get(i)] = sum / n;
    counts[m][place.get(i)] = n;
    whole[m] &&= single;
    tries[m] += 1 / n;
    if (n < 2) continue;
    const once = Math.max(squares - (sum * sum) / n, 0) / (n - 1);
    within[m] += once;
    noise[m] += once / n;
    counted[m] += 1;
  }
  const n = scores.map((row) => row.filter((value) => value !== null).length);
  scores.forEach((row, m) => (means[m] = total(row.map((value) => value ?? 0)) / n[m]));
  const order = [...some].sort((a, b) => means[b] - means[a] || a - b);
  const lost = models.filter((_, m) => !some.has(m));
  if (lost.length) table.said.push(`Without any score, and left out: ${lost.map(visible).join(", ")}.`);
  const found = csvClusters(asked, items, clusters, table.said);
  return {
    name: table.file,
    task: table.task,
    kind: "dropped",
    path: quoted(table.file),
    grouping: [...(found === null ? ["--cluster none"] : clusters.size < asked.length ? [] : ["--cluster cluster"]), ...table.words].join(" "),
    models: order.map((m) => models[m]),
    left: 0,
    said: table.said,
    same: found !== null && found.few,
    scores: { levels: null, cells: order.map((m) => scores[m]) },
    clusters: found,
    attempts: order.map((m) => (within[m] > 0 ? alikeNoise(within[m] / counted[m], noise[m], n[m] - counted[m], n[m]) : n[m] / tries[m])),
    within: order.map((m) => (counted[m] ? within[m] / counted[m] : null)),
    answers: order.map((m) => (whole[m] ? counts[m] : null)),
  };
}

/** Return how many attempts at every item would make the noise of the mean; `single`: items with one, of which the noise is the others'. */
function alikeNoise(once, noise, single, n) {
  return once / ((noise + single * once) / n);
}

/** Return the clusters of the items that have a score; `few`: too few to say anything about others (study/gathering.py). */
function csvClusters(asked, items, clusters, said) {
  const held = asked.filter((i) => clusters.has(i));
  if (held.length === 0) return null;
  const lone = asked.length - held.length;
  if (lone) said.push(`${plural(lone, "question")} without a cluster, each counted as its own.`);
  const groups = new Names();
  const codes = asked.map((i) => groups.code(clusters.has(i) ? `c${clusters.get(i)}` : `i${items[i]}`));
  const all = [...clusters.values()];
  const few = new Set(all).size < all.length && effectiveClusters(all) < FEW_EFFECTIVE;
  return { name: "cluster", codes, labels: groups.all.map((label) => label.slice(1)), few };
}

/** Part a table into rows of fields, {cells, line} (RFC 4180): quotes hold marks, line ends and doubled quotes. */
function csvRows(text, mark) {
  const rows = [];
  let [cells, line] = [[], 1];
  const field = new RegExp(`("(?:[^"]|"")*"|[^"${mark}\\r\\n]*)(${mark}|\\r\\n|\\n|\\r|$)`, "y");
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) throw new NotATable(`line ${line}: a quotation mark stands where none can`);
    const [, value, end] = found;
    cells.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === mark && field.lastIndex < text.length) continue;
    if (end === mark) cells.push("");
    rows.push({ cells, line });
    line += 1 + (value.match(/\n/g) ?? []).length;
    cells = [];
  }
  return rows;
}
