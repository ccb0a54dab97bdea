# HTZ tests of equal slices by clubSandwich, from slices.csv to slices.json: Rscript tests/references/slices.R
suppressMessages({library(clubSandwich); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
d <- read.csv(file.path(here, "slices.csv"))
found <- list(versions = list(R = R.version.string, clubSandwich = as.character(packageVersion("clubSandwich"))))
for (name in unique(d$set)) {
  x <- d[d$set == name, ]
  x$slice <- factor(x$slice)
  fit <- lm(d ~ 0 + slice, data = x)
  v <- vcovCR(fit, cluster = x$cluster, type = "CR2")
  w <- Wald_test(fit, constraints = constrain_equal(seq_len(nlevels(x$slice))), vcov = v, test = "HTZ")
  found[[name]] <- list(F = w$Fstat, df = w$df_num, df_rest = w$df_denom, p = w$p_val, covariance = as.matrix(v))
}
write(toJSON(found, digits = 17, auto_unbox = TRUE, pretty = TRUE), file.path(here, "slices.json"))
