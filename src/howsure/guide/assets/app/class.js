// For whoever teaches: the games of chapter 9 that the seats of a class play, by the code that the class was given.

const LETTERS = "ACDEFHJKMNPRTUVWXY347";

const classGame = {
  values: { code: "", seats: 24 },

  fit(sheet) {
    sheet.state = { shown: false };
    return { code: freshCode() };
  },

  show({ state }) {
    state.shown = true;
  },
  anew(sheet) {
    sheet.state.shown = false;
    sheet.set({ code: freshCode() });
  },

  draw: drawClass,
};

/** Return four letters and digits that can't be mistaken for each other. */
function freshCode() {
  const random = randomOf(freshSeed());
  return Array.from({ length: 4 }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join("");
}

function drawClass(sheet) {
  const { code, seats } = sheet.values;
  const paths = Array.from({ length: seats }, (_, k) => playedRun(randomOf(seedAfter(seedOfCode(`${code}-${k + 1}`), 0))));
  const stops = paths.map(firstBeyond);
  const winners = [...stops.keys()].filter((k) => stops[k] >= 0);
  const said = `${count(winners.length)} of ${plural(seats, "seat")} had a “winner” to announce: ${winners.length ? `${winners.length === 1 ? "seat" : "seats"} ${listing(winners.map((k) => k + 1))}` : "none of them"}. Neither model is better.`;
  const { svg, width } = sheet.picture("class", 260, sheet.state.shown ? said : "The games are hidden.");
  const [x, y] = [scaleOf([0, LOOK * LOOKS], [44, width - 16]), scaleOf([-4, 4], [210, 10])];
  const points = (path) => [[x(0), y(0)], ...Array.from(path, (z, k) => [x(LOOK * (k + 1)), y(Math.max(-4, Math.min(4, z)))])];
  for (const limit of [-SIGNIFICANT, SIGNIFICANT]) svg.append(lineAt(44, y(limit), width - 16, y(limit), "zero"));
  for (const tick of [-2, 0, 2]) svg.append(textAt(38, y(tick) + 4, String(tick).replace("-", "−"), "tick end"));
  svg.append(bottomAxis(x, 210, { ticks: [0, 250, 500, 750, 1000], title: "questions asked" }));
  if (sheet.state.shown) {
    for (const [k, path] of paths.entries()) svg.append(lineThrough(points(path).slice(0, stops[k] < 0 ? undefined : stops[k] + 2), "faint"));
    svg.append(dotsAt(winners.map((k) => points(paths[k])[stops[k] + 1]), 5, "wrong"));
  } else svg.append(textAt((x.from + x.to) / 2, y(0) - 12, "hidden until everyone has played", "middle small"));
  sheet.tell({ example: `${code}-7`, said: sheet.state.shown ? said : `Code ${code}, seats 1 to ${count(seats)}: ${code}-1 to ${code}-${seats}.` });
}

/** Write numbers in a row: 3, 7 and 12. */
function listing(values) {
  return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
}
