// Answers with a chart of their own: what models cost, curves over attempts, horizons of difficulty.

/** What the axis beside a panel takes of the width of a phone. */
const BESIDE_PANEL = 104;

/** How much room names and titles have there. */
const SHORT = { labelLimit: 120, titleLimit: 210 };

/** Return a drawing for a narrow page: as wide as there is room, with its panels below each other. */
function stacked(spec) {
  if (spec.facet === undefined) return { ...spec, title: undefined, width: "container" };
  return { ...spec, columns: 1, spec: { ...spec.spec, width: document.documentElement.clientWidth - BESIDE_PANEL } };
}

class ChartedPanel {
  /** `name`: of the card and of the board's data. `look`: the style that all charts share. */
  constructor(name, look) {
    this.name = name;
    this.look = look;
  }

  board(board) {
    const found = board[this.name];
    this.charts?.forEach((chart) => chart.clear());
    at(`${this.name}-card`).hidden = found.length === 0;
    const parts = found.map((each, k) => this.part(each, `${at(`${this.name}-title`).textContent}, table ${k + 1}`));
    at(this.name).replaceChildren(...parts.flatMap((part) => part.children));
    this.charts = parts.map((part) => part.chart);
    parts.forEach(({ chart }, k) => chart.show(found[k].rows, found[k].told));
  }

  part({ told, spec, html }, label) {
    const place = make("div", { kind: "chart" });
    const table = make("div", { kind: "scroll", tabindex: 0, role: "region", "aria-label": label });
    table.innerHTML = html; // escaped by the report's maker
    foldRows(table);
    const config = narrow() ? { ...this.look, axis: { ...this.look.axis, ...SHORT } } : this.look;
    return { chart: new Chart(place, { ...(narrow() ? stacked(spec) : spec), config }), children: [make("p", { kind: "verdict", text: told }), place, table] };
  }
}
