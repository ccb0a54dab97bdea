// Chapter 4

const clusters = { values: {}, draw() {} };
