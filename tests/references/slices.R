# HTZ tests of equal slices, and trends over their places weighted by items, by clubSandwich, from slices.csv to slices.json: Rscript tests/references/slices.R
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
  n <- as.numeric(table(x$slice))
  place <- seq_along(n) - sum(n * seq_along(n)) / sum(n)
  trend <- linear_contrast(fit, vcov = v, contrasts = n * place / sum(n * place^2), test = "Satterthwaite", p_values = TRUE)
  found[[name]] <- list(F = w$Fstat, df = w$df_num, df_rest = w$df_denom, p = w$p_val, covariance = as.matrix(v),
                        trend = list(value = trend$Est, se = trend$SE, df = trend$df, p = trend$p_val))
}
write(toJSON(found, digits = 17, auto_unbox = TRUE, pretty = TRUE), file.path(here, "slices.json"))
