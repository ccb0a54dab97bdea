// All pairs at a glance: shaded by how sure it is that two models differ, not by how much; a click compares them.

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
    const names = shortened(shortNames(models.map((model) => model.model)), 22);
    const labels = names.map((name, k) => `${name}  ${k + 1}`);
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
          above: pair.d > 0,
          evidence: real ? strength(pair.q) : 0,
          sign: real ? (pair.d > 0 ? "+" : "−") : "",
          told,
        });
      }
    }
    this.chart.clear();
    const all = ((end - start) * (end - start - 1)) / 2;
    const label = `${count(apart)} of ${plural(all, "pair")} among models ${start + 1} to ${end} differ significantly.`;
    at("matrix-told").textContent =
      `${label} Columns are numbered as rows; p is ${this.shown.adjust === "none" ? "not corrected" : "corrected"} for all pairs.`;
    await this.chart.show(rows, label);
    this.chart.view.addEventListener("click", (_, item) => {
      if (item?.datum?.i !== undefined) this.pick([item.datum.i, item.datum.j], true);
    });
  }
}

/** Return how strong the evidence is for a difference that is significant: 1 to 3, as the legend has them. */
function strength(p) {
  if (p.startsWith("<")) return 3;
  return Number(p) <= 0.01 ? 2 : 1;
}
