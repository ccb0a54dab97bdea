// Chapter 6

const comparison = { values: {}, draw() {} };
