// The leaderboard: sorted, filtered, its error bars one chart beside the rows.

class BoardTable {
  /** `choose` is called with a model to look at, `pick` with two to compare. */
  constructor({ drawings, choose, pick, place }) {
    Object.assign(this, { drawings, choose, pick, place, charts: [] });
    at("find").addEventListener("input", () => this.keep({ find: at("find").value }));
    at("best").addEventListener("change", () => this.keep({ best: at("best").checked ? "1" : null }));
  }

  keep(values) {
    this.place.set(values);
    this.rows();
  }

  show(board) {
    this.board = board;
    at("board-card").classList.toggle("alone", board.models.length < 2);
    this.names = shortNames(board.models.map((model) => model.model));
    at("find").value = this.place.get("find") ?? "";
    at("best").checked = this.place.get("best") === "1";
    const heads = board.columns.map((column, k) => this.head(column, k));
    const tick = make("th", {
      scope: "col",
      kind: "tick",
      children: [make("span", { kind: "unseen", text: "compare" })],
    });
    at("board-head").replaceChildren(make("tr", { children: [tick, ...heads] }));
    this.rows();
  }

  /** Return the heading of a column: a button that sorts by it, or for the error bars their axis. */
  head(column, k) {
    if (column.name === "") {
      const children = [make("span", { kind: "unseen", text: "error bar" }), make("div", { id: "board-axis" })];
      return make("th", { scope: "col", kind: "whiskers", children });
    }
    const button = make("button", { type: "button", text: column.name, children: [] });
    button.append(make("span", { kind: "arrow", "aria-hidden": "true" }));
    button.addEventListener("click", () => this.sort(k));
    return make("th", { scope: "col", kind: cellKind(column), "data-column": k, children: [button] });
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

  /** Return the ends of the axis for these models, with a little room. */
  extent(order) {
    const models = order.map((m) => this.board.models[m]);
    const ends = models.flatMap((model) => [model.low, model.high, model.value]).filter((value) => value !== null);
    const [low, high] = ends.length ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
    const scale = this.board.percent ? 100 : 1;
    const room = (high - low || Math.abs(high) || 1) * 0.03;
    return [scale * (low - room), scale * (high + room)];
  }

  rows() {
    const order = this.order();
    const all = this.board.models.length;
    at("count").textContent =
      order.length === all ? plural(all, "model") : `${count(order.length)} of ${plural(all, "model")}`;
    const { k, down } = this.sorted();
    for (const head of document.querySelectorAll("#board-head th[data-column]")) {
      const active = Number(head.dataset.column) === k;
      if (active) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    at("board-body").replaceChildren(...order.map((m, row) => this.row(m, row, order.length)));
    this.whiskers(order);
    this.mark();
  }

  row(m, row, count) {
    const { columns, cells, models } = this.board;
    const children = columns.map((column, k) => {
      if (column.name === "")
        return row === 0
          ? make("td", { kind: "whiskers", rowspan: count, children: [make("div", { id: "whiskers" })] })
          : null;
      if (column.name === "model") return this.name(m);
      return make("td", {
        kind: cellKind(column),
        text: cells[m][k],
        title: column.name === "ties" ? cells[m][k] : null,
      });
    });
    const box = make("input", { type: "checkbox", "aria-label": `compare ${visible(models[m].model)}` });
    box.addEventListener("change", () => this.tick(m, box.checked));
    children.unshift(make("td", { kind: "tick", children: [box] }));
    return make("tr", { "data-model": m, kind: models[m].best ? "best" : null, children });
  }

  name(m) {
    const { model } = this.board.models[m];
    const button = make("button", {
      type: "button",
      kind: "link",
      text: shorten(this.names[m], narrow() ? 22 : 44),
      title: visible(model),
    });
    button.addEventListener("click", () => this.choose(m));
    return make("th", { scope: "row", kind: "name", children: [button] });
  }

  /** Draw the error bars beside the rows, as high as these are. */
  whiskers(order) {
    this.shown = order;
    this.height = rowHeight();
    const scale = this.board.percent ? 100 : 1;
    const rows = order.map((m, row) => {
      const { low, high, value, best } = this.board.models[m];
      return {
        row,
        low: low === null ? null : scale * low,
        high: high === null ? null : scale * high,
        value: scale * value,
        best,
      };
    });
    const extent = this.extent(order);
    const { axis, whiskers } = this.drawings[kind(this.board)];
    this.charts.forEach((chart) => chart.clear());
    this.charts = [new Chart(at("board-axis"), axis)];
    this.charts[0].show([{ value: extent[0] }], "The axis of the error bars", extent);
    if (order.length === 0) return;
    this.charts[1] = new Chart(at("whiskers"), { ...whiskers, height: { step: this.height } });
    this.charts[1].show(rows, `Error bars of ${plural(rows.length, "model")}; the numbers are in the table.`, extent);
  }

  /** Follow the rows where a narrower window has made them higher. */
  resized() {
    if (this.shown && rowHeight() !== this.height) this.whiskers(this.shown);
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
    for (const row of document.querySelectorAll("#board-body tr")) {
      const picked = this.pair.includes(Number(row.dataset.model));
      row.classList.toggle("picked", picked);
      row.querySelector("input").checked = picked;
    }
  }
}

function rowHeight() {
  return at("board-body").firstElementChild?.getBoundingClientRect().height ?? 0;
}

/** Names have two lines; of a longer one the middle goes, since models of a family differ at the end. */
function narrow() {
  return matchMedia("(max-width: 40rem)").matches;
}

function kind(board) {
  return board.percent ? "percent" : "plain";
}

function cellKind(column) {
  const name = column.name.split(" ").at(-1);
  return [column.align === "right" ? "number" : "", `c-${name.replace(/[^a-z]/gi, "") || "score"}`].join(" ").trim();
}

function compareFields(a, b) {
  if (typeof a === "string") return a.localeCompare(b);
  return (a ?? -Infinity) - (b ?? -Infinity);
}
