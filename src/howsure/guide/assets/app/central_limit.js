// Chapter 3

const centralLimit = { values: {}, draw() {} };
