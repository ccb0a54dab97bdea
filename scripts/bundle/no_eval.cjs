// stdlib asks by `eval` whether there are generators, which the page's policy forbids and reports; without them it sums by loops.
module.exports = () => false;
