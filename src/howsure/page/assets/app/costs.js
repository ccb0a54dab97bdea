// What models cost: who could be the best buy, drawn as scores over costs.

class CostsPanel {
  /** `look`: the style that all charts share. */
  constructor(look) {
    this.look = look;
  }

  board(board) {
    this.charts?.forEach((chart) => chart.clear());
    at("costs-card").hidden = board.costs.length === 0;
    const parts = board.costs.map((costs) => this.part(costs));
    at("costs").replaceChildren(...parts.flatMap((part) => part.children));
    this.charts = parts.map((part) => part.chart);
    parts.forEach(({ chart }, k) => chart.show(board.costs[k].rows, board.costs[k].told));
  }

  part({ told, spec, html }) {
    const place = make("div", { kind: "chart" });
    const table = make("div", { kind: "scroll", tabindex: 0, role: "region", "aria-label": "What each model costs" });
    table.innerHTML = html; // escaped by the report's maker
    foldRows(table);
    return { chart: new Chart(place, { ...spec, config: this.look }), children: [make("p", { kind: "verdict", text: told }), place, table] };
  }
}
