// The leaderboard: sorted, filtered, every row with its error bar on an axis that fits the rows in view.

const BARS = ""; // the name of their column

class BoardTable {
  /** `choose` is called with a model to look at, `pick` with two to compare. */
  constructor({ choose, pick, place }) {
    Object.assign(this, { choose, pick, place, pair: [] });
    this.view = new View(place, () => this.rows());
    at("board-body").addEventListener("keydown", (event) => this.pressed(event));
    at("more").addEventListener("change", () => this.keep({ more: at("more").checked ? "1" : null }));
    at("find").addEventListener("input", () => this.keep({ find: at("find").value }));
    at("best").addEventListener("change", () => this.keep({ best: at("best").checked ? "1" : null }));
  }

  keep(values) {
    this.place.set(values);
    this.rows();
  }

  /** Show a board; its pairs are null until they are unpacked. */
  show(board, pairs = null) {
    this.board = board;
    at("board-card").classList.toggle("alone", board.models.length < 2);
    this.names = shortened(undated(shortNames(board.models.map((model) => model.model))), 31);
    this.view.show(board, pairs, this.names);
    at("find").value = this.place.get("find") ?? "";
    at("best").checked = this.place.get("best") === "1";
    at("more").checked = this.place.get("more") === "1";
    const heads = arranged(board.columns).map((k) => this.head(board.columns[k], k));
    const tick = make("th", {
      scope: "col",
      role: "columnheader",
      kind: "tick",
      children: [make("span", { kind: "unseen", text: "compare" })],
    });
    at("board-head").replaceChildren(make("tr", { role: "row", children: [tick, ...heads] }));
    this.rows();
  }

  /** Take the pairs of the board that is shown. */
  compared(pairs) {
    this.view.show(this.board, pairs, this.names);
    this.rows();
  }

  /** Return the heading of a column: a button that sorts by it, or for the error bars their axis. */
  head(column, k) {
    if (column.name === BARS) {
      const children = [make("span", { kind: "unseen", text: "error bar" }), this.view.brush.strip()];
      return make("th", { scope: "col", role: "columnheader", kind: "whiskers", children });
    }
    const button = make("button", { type: "button", text: column.name, children: [] });
    button.append(make("span", { kind: "arrow", "aria-hidden": "true" }));
    button.addEventListener("click", () => this.sort(k));
    return make("th", { scope: "col", role: "columnheader", kind: cellKind(column), "data-column": k, children: [button] });
  }

  sort(k) {
    const down = this.sorted().k === k && !this.sorted().down;
    this.keep({ sort: `${down ? "-" : ""}${this.board.columns[k].name}` });
  }

  sorted() {
    const text = this.place.get("sort") ?? "";
    const [down, name] = text.startsWith("-") ? [true, text.slice(1)] : [false, text];
    const k = name === "" ? -1 : this.board.columns.findIndex((column) => column.name === name);
    return { k, down };
  }

  /** Return the positions of the models that are shown, in order. */
  order() {
    const { models, columns } = this.board;
    const { k, down } = this.sorted();
    const words = at("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = [...models.keys()].filter(
      (m) =>
        words.every((word) => models[m].model.toLowerCase().includes(word)) && (!at("best").checked || models[m].best),
    );
    if (k < 0) return kept;
    const field = columns[k].by;
    const sign = down ? -1 : 1;
    return kept.sort((a, b) => sign * compareFields(models[a][field], models[b][field]) || a - b);
  }

  rows() {
    const found = this.order();
    const looking = at("find").value !== "" || at("best").checked;
    const order = looking ? found : this.view.zoomed(found);
    at("count").textContent = this.told(order, looking);
    at("board-card").classList.toggle("wide", at("more").checked);
    const { k, down } = this.sorted();
    for (const head of document.querySelectorAll("#board-head th[data-column]")) {
      const active = Number(head.dataset.column) === k;
      if (active) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    const bars = new Map(order.map((m) => [m, this.view.bar(m)]));
    const axis = this.view.axis([...bars.values()]);
    this.drawn = { order, bars, axis };
    this.view.brush.draw(axis);
    const lines = this.gapped(order).map((line) => (typeof line === "number" ? this.row(line, bars.get(line), axis) : this.gap(line.between)));
    at("board-body").replaceChildren(...(order.length ? lines : [this.gap(this.nothing())]));
    at("board-body").querySelector(".bar")?.setAttribute("tabindex", "0");
    this.view.mark();
    this.mark();
  }

  /** Return the models in view, by rank with what is left out between them: "3 others". */
  gapped(order) {
    if (this.sorted().k >= 0) return order;
    return order.flatMap((m, k) => {
      const left = m - (k === 0 ? 0 : order[k - 1] + 1);
      return left > 0 ? [{ between: `… ${plural(left, "other")}` }, m] : [m];
    });
  }

  nothing() {
    const text = at("find").value;
    return text === "" ? "No model is shown that could be best." : `No model’s name has “${visible(text)}”.`;
  }

  gap(text) {
    const cell = make("td", { role: "cell", colspan: this.board.columns.length + 1, text });
    return make("tr", { role: "row", kind: "gap", children: [cell] });
  }

  /** Say how many models are in view, and unless they were looked for, how many others could be best. */
  told(order, looking) {
    const { models } = this.board;
    if (order.length === models.length) return plural(models.length, "model");
    const seen = new Set(order);
    const others = models.filter((model, m) => model.best && !seen.has(m)).length;
    const more = others && !looking ? `; ${count(others)} more could be best` : "";
    return `${count(order.length)} of ${plural(models.length, "model")}${more}`;
  }

  row(m, bar, axis) {
    const { columns, cells, models } = this.board;
    const children = arranged(columns).map((k) => {
      const column = columns[k];
      if (column.name === BARS) return this.bar(m, bar, axis);
      if (column.name === "model") return this.name(m);
      const title = column.name === "group" ? cells[m][k] : null;
      return make("td", { role: "cell", kind: cellKind(column), text: cells[m][k], title });
    });
    const box = make("input", { type: "checkbox", "aria-label": `compare ${visible(models[m].model)}` });
    box.addEventListener("change", () => this.tick(m, box.checked));
    children.unshift(make("td", { role: "cell", kind: "tick", children: [box] }));
    return make("tr", { role: "row", "data-model": m, kind: models[m].best ? "best" : null, children });
  }

  /** Return the cell of an error bar: a button that says it and holds the other models against this one. */
  bar(m, bar, axis) {
    const children = [barPicture(axis, bar)];
    const button = make("button", { type: "button", kind: "bar", tabindex: -1, "aria-label": bar.told, children });
    button.addEventListener("click", (event) => this.chosen(event, m));
    return make("td", { kind: "whiskers", role: "cell", children: [button] });
  }

  /** Hold the others against a model; a finger's first tap shows its numbers. */
  chosen({ pointerType, currentTarget }, m) {
    const first = pointerType === "touch" && !currentTarget.classList.contains("read");
    document.querySelector(".bar.read")?.classList.remove("read");
    if (first) currentTarget.classList.add("read");
    else if (this.board.models.length > 1) this.against(m);
  }

  /** Hold the others against a model. */
  against(m) {
    this.stay(m, () => this.view.compareTo(m));
  }

  /** Do something that draws the rows anew, and keep the keyboard on the bar of a model. */
  stay(m, change) {
    change();
    focusBar(document.querySelector(`#board-body tr[data-model="${m}"] .bar`));
  }

  /** On an error bar the arrow keys go to the next one, others zoom the axis. */
  pressed(event) {
    if (!event.target.matches(".bar")) return;
    const m = Number(event.target.closest("tr").dataset.model);
    if (!walk(event)) this.stay(m, () => this.view.brush.pressed(event, this.drawn.bars.get(m).value));
  }

  name(m) {
    const { model } = this.board.models[m];
    const button = make("button", {
      type: "button",
      kind: "link",
      title: visible(model),
      children: breakable(this.names[m]),
    });
    button.addEventListener("click", () => this.choose(m));
    return make("th", { scope: "row", role: "rowheader", kind: "name", children: [button] });
  }

  /** Keep the two models that were ticked last. */
  tick(m, checked) {
    const others = this.pair.filter((other) => other !== m);
    if (checked) this.pick([...others.slice(-1), m]);
    else this.mark();
  }

  /** Show which two models are compared. */
  mark(pair = this.pair) {
    this.pair = pair ?? [];
    for (const row of document.querySelectorAll("#board-body tr[data-model]")) {
      const picked = this.pair.includes(Number(row.dataset.model));
      row.classList.toggle("picked", picked);
      row.querySelector("input").checked = picked;
    }
  }
}

/** Return the places of the columns from left to right: the ties stand beside the name, the error bars follow. */
function arranged(columns) {
  const places = [...columns.keys()];
  const of = (name) => places.filter((k) => columns[k].name === name);
  const moved = [...of("group"), ...of(BARS)];
  const rest = places.filter((k) => !moved.includes(k));
  const named = rest.findIndex((k) => columns[k].name === "model") + 1;
  return [...rest.slice(0, named), ...moved, ...rest.slice(named)];
}

const KEYS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

/** Go from error bar to error bar with the arrow keys; say whether this was one of them. */
function walk(event) {
  const step = KEYS[event.key];
  if (step === undefined) return false;
  event.preventDefault();
  const bars = [...document.querySelectorAll("#board-body .bar")];
  focusBar(bars[Math.min(Math.max(bars.indexOf(event.target) + step, 0), bars.length - 1)]);
  return true;
}

/** Give an error bar the keyboard: one of them is reached with Tab, the others with the arrow keys. */
function focusBar(bar) {
  for (const other of document.querySelectorAll("#board-body .bar[tabindex='0']")) other.setAttribute("tabindex", "-1");
  bar?.setAttribute("tabindex", "0");
  bar?.focus();
}

/** Let a name go on in the next line after a sign in it, or before a capital in its middle; a number stays whole. */
function breakable(name) {
  return name.split(/(?<=[_/@:-])|(?<=\.)(?!\d)|(?<=[a-z])(?=[A-Z])/).flatMap((part, k) => (k === 0 ? [part] : [make("wbr"), part]));
}

/** Say whether names have little room; of a long one the middle goes, since models of a family differ at the end. */
function narrow() {
  return matchMedia("(max-width: 40rem)").matches;
}

function kind(board) {
  return board.percent ? "percent" : "plain";
}

function cellKind(column) {
  return [column.align === "right" ? "number" : "", `c-${column.name.replace(/[^a-z]/gi, "") || "score"}`].join(" ").trim();
}

function compareFields(a, b) {
  if (typeof a === "string") return a.localeCompare(b);
  return (a ?? -Infinity) - (b ?? -Infinity);
}
