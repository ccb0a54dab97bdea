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
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false; // a browser reads no other page from a disk

  const found = (stem) => {
    const { pages, terms } = window.RANKING;
    const weights = new Map();
    const take = (term, share) => {
      const list = terms[term];
      for (let k = 0; k < list.length; k += 2) {
        const page = pages[list[k]];
        weights.set(page, Math.max(weights.get(page) ?? 0, list[k + 1] * share));
      }
    };
    if (Object.hasOwn(terms, stem)) take(stem, 1);
    else if (stem.length > 2) for (const term of Object.keys(terms)) if (term.startsWith(stem)) take(term, 0.5);
    return weights;
  };

  const plain = (text) => ` ${splitQuery(text.toLowerCase()).join(" ")} `;

  Search.weigh = (stems, query) => {
    const sums = new Map();
    const hits = new Map();
    for (const stem of stems)
      for (const [page, weight] of found(stem)) {
        sums.set(page, (sums.get(page) ?? 0) + weight);
        hits.set(page, (hits.get(page) ?? 0) + 1);
      }
    const { pages, factors, asked } = window.RANKING;
    const wanted = plain(query);
    const scores = new Map();
    for (const [page, sum] of sums) {
      const number = pages.indexOf(page);
      const verbatim = asked[number].some((question) => plain(question).includes(wanted)) ? 2 : 1;
      scores.set(page, sum * factors[number] * verbatim * (hits.get(page) / stems.length) ** 2);
    }
    return scores;
  };

  Search._performSearch = (query, searchTerms, excludedTerms) => {
    const { docnames, titles, alltitles, filenames } = Search._index;
    const stems = [...searchTerms];
    const scores = Search.weigh(stems, query);
    for (const term of excludedTerms) for (const page of found(term).keys()) scores.delete(page);
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
      .filter((result) => result[4] > best / 10)
      .sort((a, b) => a[4] - b[4])
      .slice(-20);
  };
})();
