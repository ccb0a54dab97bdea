# DeLong's errors of AUROC by pROC, and the errors of a ratio of sums in clusters by survey, from metrics.csv: writes metrics_r.json.
suppressPackageStartupMessages({library(pROC); library(survey); library(jsonlite)})
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
d <- read.csv(file.path(here, "metrics.csv"))
a <- roc(d$label, d$score_a, direction = "<", quiet = TRUE)
b <- roc(d$label, d$score_b, direction = "<", quiet = TRUE)
both <- roc.test(a, b, method = "delong", paired = TRUE)
ratio <- function(design) { r <- svyratio(~errors, ~words, design); list(value = as.numeric(coef(r)), se = as.numeric(SE(r))) }
found <- list(
  versions = list(pROC = as.character(packageVersion("pROC")), survey = as.character(packageVersion("survey"))),
  auroc = list(a = as.numeric(auc(a)), b = as.numeric(auc(b)), se_a = sqrt(var(a, method = "delong")), se_b = sqrt(var(b, method = "delong")),
    z = as.numeric(both$statistic), p = as.numeric(both$p.value)),
  ratio = list(plain = ratio(svydesign(~1, data = d, weights = ~1)), clusters = ratio(svydesign(~cluster, data = d, weights = ~1)),
    weighted = ratio(svydesign(~cluster, data = d, weights = ~weight)))
)
write(toJSON(found, auto_unbox = TRUE, digits = 17, pretty = TRUE), file.path(here, "metrics_r.json"))
