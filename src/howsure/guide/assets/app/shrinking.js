// Chapter 5

const shrinking = { values: {}, draw() {} };
