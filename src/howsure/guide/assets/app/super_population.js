// Chapter 2: an urn of questions.

const superPopulation = { values: {}, draw() {} };
