// The five questions that people ask, with the pictures of the chapters.

const fiveQuestions = {
  values: { gap: 0.5, items: 500, runs: 300, failures: 0, size: 10, icc: 0.3, attempts: 5, luck: 50, agreement: 0, a: 0, b: 1, whole: false },

  fit: (sheet) => sheet.offerPair(),

  draw(sheet) {
    drawPowerCurve(sheet);
    drawDial(sheet);
    drawWorth(sheet);
    drawSimpleParts(sheet);
    drawPair(sheet, pairingOf(sheet), "paired");
  },
};

const THOUSAND = 1000;

function drawWorth(sheet) {
  const { size, icc } = sheet.values;
  const worth = THOUSAND / kishEffect(size, icc);
  const { svg, width } = sheet.picture("worthy", 48, `A thousand questions are worth ${count(worth)} independent ones.`);
  svg.append(rectAt(0, 6, width, 34, "block faint"), rectAt(0, 6, (width * worth) / THOUSAND, 34, "block"));
  const room = (width * worth) / THOUSAND > 90;
  svg.append(textAt(room ? (width * worth) / THOUSAND - 8 : (width * worth) / THOUSAND + 8, 28, `worth ${count(worth)}`, room ? "end label onblock" : "label"));
  sheet.tell({ worth: count(worth) });
}

function drawSimpleParts(sheet) {
  const { luck, attempts } = sheet.values;
  const spread = { question: 1 - luck / 100, answer: luck / 100 };
  const [one, many] = [partsOf(spread, 1, 1, "none"), partsOf(spread, 1, attempts, "none")];
  const { svg, width } = sheet.picture("simple", 96, `With ${plural(attempts, "attempt")} the error bar has ${share(seOf(many))} of its length.`);
  const left = 92;
  const x = scaleOf([0, 1], [left, width - 8]);
  [[one, "1 attempt"], [many, plural(attempts, "attempt")]].forEach(([parts, name], row) => {
    const y = 4 + 46 * row;
    const end = x(parts[0] + parts[1]);
    svg.append(textAt(left - 6, y + 24, name, "end"), rectAt(left, y, x(parts[0]) - left, 38, "block"), rectAt(x(parts[0]), y, end - x(parts[0]), 38, "block other"));
    svg.append(...nameInside([left, x(parts[0])], y + 24, "questions"), ...nameInside([x(parts[0]), end], y + 24, "answers"));
  });
  sheet.tell({ shrunk: `${plural(attempts, "attempt")} at each question: the error bar has ${share(seOf(many))} of the length that one attempt gives. Endless attempts: ${share(Math.sqrt(spread.question))}.` });
}
