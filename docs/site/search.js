// How the search orders pages. Sphinx puts this beside its own search and asks `Scorer.score`; the weights of words (ranking.js) are
// made by ranking.py. A page needs most of the words, not all of them, and is listed once, with the section that fits best.
"use strict";

var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

(() => {
  const found = (stem) => {
    const terms = window.RANKING.terms;
    if (Object.hasOwn(terms, stem)) return terms[stem];
    const weights = {};
    if (stem.length < 3) return weights;
    for (const [term, pages] of Object.entries(terms))
      if (term.startsWith(stem))
        for (const [page, weight] of Object.entries(pages)) weights[page] = Math.max(weights[page] ?? 0, weight / 2);
    return weights;
  };

  const plain = (text) => ` ${splitQuery(text.toLowerCase()).join(" ")} `;

  Search.weigh = (stems, query) => {
    const sums = new Map();
    const hits = new Map();
    for (const stem of stems)
      for (const [page, weight] of Object.entries(found(stem))) {
        sums.set(page, (sums.get(page) ?? 0) + weight);
        hits.set(page, (hits.get(page) ?? 0) + 1);
      }
    const { factors, asked } = window.RANKING;
    const wanted = plain(query);
    const scores = new Map();
    for (const [page, sum] of sums) {
      const verbatim = (asked[page] ?? []).some((question) => plain(question).includes(wanted)) ? 2 : 1;
      scores.set(page, sum * factors[page] * verbatim * (hits.get(page) / stems.length) ** 2);
    }
    return scores;
  };

  Search._performSearch = (query, searchTerms, excludedTerms) => {
    const { docnames, titles, alltitles, filenames } = Search._index;
    const stems = [...searchTerms];
    const scores = Search.weigh(stems, query);
    for (const term of excludedTerms) for (const page of Object.keys(found(term))) scores.delete(page);
    const best = Math.max(0, ...scores.values());
    const stemmer = new Stemmer();
    const sections = new Map();
    for (const [title, places] of Object.entries(alltitles)) {
      const words = new Set(splitQuery(title.toLowerCase()).map((word) => stemmer.stemWord(word)));
      const share = stems.filter((stem) => words.has(stem)).length / stems.length;
      if (share < 0.6) continue;
      for (const [file, id] of places)
        if (id !== null && titles[file] !== title && share > (sections.get(file)?.share ?? 0)) sections.set(file, { share, title, id });
    }
    document.getElementById("search-progress")?.replaceChildren();
    return docnames
      .map((page, file) => {
        const section = sections.get(file);
        const title = section ? `${titles[file]} > ${section.title}` : titles[file];
        return [page, title, section ? `#${section.id}` : "", null, scores.get(page) ?? 0, filenames[file], SearchResultKind.text];
      })
      .filter((result) => result[4] > best / 20)
      .sort((a, b) => a[4] - b[4])
      .slice(-30);
  };
})();
