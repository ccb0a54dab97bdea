// Chapter 7

const power = { values: {}, draw() {} };
