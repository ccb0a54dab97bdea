// The data of the page: what is shown at once, and what is unpacked when somebody looks closer.

/** Return what a script element of the page holds. */
function readJson(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** Unpack what packing.py packed: base64 of compressed JSON. */
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** The scores of single items of one board; `of(k)` are those of the k-th model, null where it has none. */
class Items {
  constructor(packed, symbols) {
    Object.assign(this, { ids: packed.ids, clusters: packed.clusters, labels: packed.labels });
    this.name = packed.cluster_name;
    this.weights = packed.weights ?? packed.ids.map(() => 1);
    this.cells = packed.cells;
    this.levels = packed.levels && new Map(packed.levels.map((level, k) => [symbols[k], level]));
  }

  of(k) {
    const cells = this.cells[k];
    return this.levels ? Array.from(cells, (symbol) => this.levels.get(symbol) ?? null) : cells;
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
