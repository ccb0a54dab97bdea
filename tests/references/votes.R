# Reference values for votes, which tests/statistics/votes/test_references.py has as numbers: strengths by BradleyTerry2, with and without
# who stood first, and with ties after Rao and Kupper by ordinal's cumulative logits with symmetric thresholds.
# Needs: BradleyTerry2 (1.1.2), ordinal (2023.12.4.1). Run: Rscript tests/references/votes.R
suppressPackageStartupMessages({
  library(BradleyTerry2)
  library(ordinal)
})
models <- c("a", "b", "c", "d")
show <- function(fit) {
  print(coef(fit), digits = 15)
  print(sqrt(diag(vcov(fit))), digits = 15)
}

won <- matrix(c(0, 12, 20, 9, 8, 0, 15, 11, 5, 10, 0, 7, 6, 4, 13, 0), 4, byrow = TRUE)
pairs <- t(combn(4, 2))
rows <- data.frame(
  one = factor(models[pairs[, 1]], levels = models),
  two = factor(models[pairs[, 2]], levels = models),
  won = won[pairs],
  lost = won[pairs[, 2:1]]
)
show(BTm(cbind(won, lost), one, two, data = rows))

shown <- data.frame(
  one = factor(c("a", "b", "a", "c", "b", "c", "d", "a", "d", "b", "c", "d"), levels = models),
  two = factor(c("b", "a", "c", "a", "c", "b", "a", "d", "b", "d", "d", "c"), levels = models),
  won = c(9, 6, 12, 5, 10, 6, 4, 7, 3, 8, 5, 9),
  lost = c(4, 6, 3, 8, 4, 7, 6, 3, 5, 2, 4, 6)
)
shown$first <- data.frame(team = shown$one, at = 1)
shown$second <- data.frame(team = shown$two, at = 0)
show(BTm(cbind(won, lost), first, second, ~ team + at, id = "team", data = shown))

counts <- data.frame(
  outcome = factor(rep(c("loss", "tie", "win"), 6), levels = c("loss", "tie", "win"), ordered = TRUE),
  n = c(6, 5, 9, 4, 3, 14, 5, 6, 7, 6, 4, 10, 5, 2, 8, 9, 5, 6)
)
at <- rep(1:6, each = 3)
for (model in models[-1]) counts[[model]] <- (models[pairs[at, 1]] == model) - (models[pairs[at, 2]] == model)
show(clm(outcome ~ b + c + d, weights = n, data = counts, threshold = "symmetric2",
         control = clm.control(gradTol = 1e-12, maxIter = 200)))
