// The data of the page: what is shown at once, and what is unpacked when somebody looks closer.

/** Return what a script element of the page holds. */
function readJson(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** Unpack what packing.py packed: base64 of compressed text. */
async function unpackText(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** Unpack JSON. */
async function unpack(text) {
  return JSON.parse(await unpackText(text));
}

/** Run the libraries, which the page carries packed; its policy allows this text. */
async function loadLibraries() {
  const script = document.createElement("script");
  script.textContent = await unpackText(at("libraries").textContent);
  document.head.append(script);
  script.remove();
}

/** The scores of single items of one board; `of(k)` are those of the k-th model, null where it has none. */
class Items {
  constructor(packed, symbols) {
    Object.assign(this, { ids: packed.ids, clusters: packed.clusters, labels: packed.labels });
    this.name = packed.cluster_name;
    this.slices = packed.slices;
    this.weights = packed.weights ?? packed.ids.map(() => 1);
    this.cells = packed.cells;
    const table = (levels) => levels && new Map(levels.map((level, k) => [symbols[k], level]));
    this.levels = table(packed.levels);
    this.same = packed.attempts;
    this.counts = typeof packed.attempts === "number" ? null : { ...packed.attempts, levels: table(packed.attempts.levels) };
  }

  of(k) {
    return this.unpacked(this.cells[k], this.levels);
  }

  unpacked(cells, levels) {
    return levels ? Array.from(cells, (symbol) => levels.get(symbol) ?? null) : cells;
  }

  /** Return of how many attempts a score is the mean. */
  attempts(k, item) {
    if (this.counts === null) return this.same;
    return this.unpacked(this.counts.cells[k], this.counts.levels)[item];
  }

  /** Return the mean score of every question over the models that answered it, worked out once. */
  means() {
    if (this.mean) return this.mean;
    const [sums, counts] = [new Float64Array(this.ids.length), new Uint32Array(this.ids.length)];
    for (let k = 0; k < this.cells.length; k++) {
      this.of(k).forEach((value, item) => {
        if (value === null) return;
        sums[item] += value;
        counts[item] += 1;
      });
    }
    this.mean = Array.from(sums, (sum, item) => (counts[item] ? sum / counts[item] : null));
    return this.mean;
  }
}

/** All pairs of a board, in the order of its models. */
class Pairs {
  constructor(columns) {
    this.columns = columns;
    this.models = columns.models;
  }

  /** Return what is known of the pair i, j as i − j; null where the page doesn't hold it. */
  of(i, j) {
    if (i === j || Math.max(i, j) >= this.models) return null;
    const [first, second] = [Math.min(i, j), Math.max(i, j)];
    const at = first * this.models - (first * (first + 1)) / 2 + second - first - 1;
    const pair = {};
    for (const [name, column] of Object.entries(this.columns)) pair[name] = Array.isArray(column) ? column[at] : column;
    return i < j ? pair : turned(pair);
  }
}

/** Return the same pair seen from the other side. */
function turned(pair) {
  return {
    ...pair,
    d: pair.d === null ? null : -pair.d,
    difference: pair.d === 0 ? pair.difference : oppositeSign(pair.difference),
    low: oppositeLimit(pair.high),
    high: oppositeLimit(pair.low),
    wins: pair.losses,
    losses: pair.wins,
    a_score: pair.b_score,
    b_score: pair.a_score,
    why: pair.turned_why,
    rerun: pair.turned_rerun,
  };
}

function oppositeSign(text) {
  if (text.startsWith("+")) return `−${text.slice(1)}`;
  return text.startsWith("−") ? `+${text.slice(1)}` : text;
}

function oppositeLimit(text) {
  if (text === "n/a") return text;
  return text.startsWith("−") ? text.slice(1) : `−${text}`;
}
