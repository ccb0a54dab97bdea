// The five questions

const fiveQuestions = { values: {}, draw() {} };
