// Chapter 9

const rigor = { values: {}, draw() {} };
