// All pairs at a glance: the difference as a colour, a sign where two models differ significantly; a click compares them.

const WINDOW = 30;

class MatrixPanel {
  constructor({ drawings, pick }) {
    Object.assign(this, { drawings, pick, chart: null });
    at("matrix-from").addEventListener("change", () => this.show());
  }

  board(board, details) {
    Object.assign(this, { shown: board, pairs: details.pairs });
    this.chart?.clear();
    this.chart = new Chart(at("matrix"), this.drawings[kind(board)].matrix);
    at("matrix-card").hidden = board.models.length < 2;
    const starts = Array.from({ length: Math.ceil(this.pairs.models / WINDOW) }, (_, k) => k * WINDOW);
    const options = starts.map((start) => {
      const end = Math.min(start + WINDOW, this.pairs.models);
      return make("option", { value: start, text: `models ${start + 1}–${end}` });
    });
    at("matrix-from").replaceChildren(...options);
    at("matrix-window").hidden = starts.length < 2;
    if (board.models.length > 1) this.show();
  }

  async show() {
    const start = Number(at("matrix-from").value);
    const end = Math.min(start + WINDOW, this.pairs.models);
    const { models, percent } = this.shown;
    const scale = percent ? 100 : 1;
    const names = shortNames(models.map((model) => model.model));
    const labels = names.map((name, k) => `${shorten(name, 22)}  ${k + 1}`);
    const rows = [];
    let apart = 0;
    for (let i = start; i < end; i++) {
      for (let j = start; j < end; j++) {
        const pair = this.pairs.of(i, j);
        if (pair === null || pair.d === null) continue;
        const real = Boolean(pair.flags & 2);
        apart += real && i < j ? 1 : 0;
        const told = `${visible(models[i].model)} − ${visible(models[j].model)}: ${pair.difference}${unit(percent)} (p among all pairs: ${pair.q})`;
        rows.push({
          row: labels[i],
          column: j + 1,
          i,
          j,
          difference: scale * pair.d,
          sign: real ? (pair.d > 0 ? "+" : "−") : "",
          told,
        });
      }
    }
    this.chart.clear();
    const all = ((end - start) * (end - start - 1)) / 2;
    const label = `${count(apart)} of ${plural(all, "pair")} among models ${start + 1} to ${end} differ significantly.`;
    at("matrix-told").textContent =
      `${label} Columns are numbered as rows; + and −: the row is significantly above or below the column, ${this.shown.adjust === "none" ? "without correction" : "corrected for all pairs"}.`;
    await this.chart.show(rows, label);
    this.chart.view.addEventListener("click", (_, item) => {
      if (item?.datum?.i !== undefined) this.pick([item.datum.i, item.datum.j], true);
    });
  }
}
