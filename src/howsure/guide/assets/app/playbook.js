// Chapter 8

const playbook = { values: {}, draw() {} };
