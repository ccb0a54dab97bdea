// Two counts of different questions, and published scores: statistics/unpaired.py, statistics/rates.py and verbs/audit.py.

/** Compare two counts of right answers to different questions: Welch, with a right and a wrong one more for each (Agresti and Caffo 2000). */
function pairOfCounts([rightA, a], [rightB, b], level = 0.95) {
  const side = (right, n) => ({ mean: right / n, variance: ((right / n) * (1 - right / n)) / (n - 1), df: n - 1 });
  const added = [side(rightA + 1, a + 2), side(rightB + 1, b + 2)];
  const [gap, variance] = [added[0].mean - added[1].mean, added[0].variance + added[1].variance];
  const df = variance ** 2 / total(added.map((each) => each.variance ** 2 / each.df));
  const half = twoSidedT(level, df) * Math.sqrt(variance);
  return {
    ...{ value: rightA / a - rightB / b, df },
    ...{ low: Math.max(gap - half, -1), high: Math.min(gap + half, 1), pValue: twoSidedP(gap / Math.sqrt(variance), df) },
  };
}

/** Return the limits of a published rate of n questions by its standard error. */
function publishedLimits(score, n, se, level) {
  if (n === null || !(score >= 0 && score <= 1)) return [-1, 1].map((sign) => score + sign * twoSidedT(level, Infinity) * se);
  if (score <= 0 || score >= 1) return clopperPearson(Math.round(score) * n, n, level);
  const deff = (se ** 2 * (n - 1)) / (score * (1 - score));
  return guardedScore(score, deff > 0 ? n / deff : n, n - 1, level, 1, 0);
}

/** Return published scores best first, each with its limits and the difference from the next, as if all had other questions. */
function publishedBoard(rows, level = 0.95) {
  const error = (score, n) => Math.sqrt((score * (1 - score)) / (n - 1));
  const board = rows
    .map((row) => ({ ...row, se: row.stderr ?? error(row.score, row.n ?? NaN) }))
    .sort((one, other) => other.score - one.score || (one.model < other.model ? -1 : one.model > other.model ? 1 : 0));
  return board.map((row, k) => {
    const [low, high] = Number.isFinite(row.se) ? publishedLimits(row.score, row.n, row.se, level) : [NaN, NaN];
    const next = board[k + 1];
    if (next === undefined) return { ...row, low, high, gap: NaN, pValue: NaN };
    const pooled = (row.score * row.n + next.score * next.n) / (row.n + next.n);
    const [above, below] = [row, next].map((each) => (each.se === 0 ? error(pooled, each.n) : each.se));
    const gap = row.score - next.score;
    const z = gap === 0 ? 0 : gap / Math.sqrt(above ** 2 + below ** 2);
    return { ...row, low, high, gap, pValue: Number.isFinite(above) && Number.isFinite(below) ? twoSidedP(z, Infinity) : NaN };
  });
}
