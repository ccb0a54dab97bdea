# Reference values for power, from R's own packages: writes power.json beside this file.
# Needs: pwr, jsonlite. Run: Rscript tests/references/power.R
suppressPackageStartupMessages({
  library(pwr)
  library(jsonlite)
})
file_arg <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- if (length(file_arg)) dirname(sub("^--file=", "", file_arg)) else "."

paired <- function(n, d, level, alternative) {
  pwr.t.test(n = n, d = d, sig.level = 1 - level, type = "paired", alternative = alternative)$power
}
grid <- expand.grid(n = c(5, 10, 30, 100, 1000), d = c(0.05, 0.2, 0.5, 1), level = c(0.9, 0.95, 0.99))
grid$two_sided <- mapply(paired, grid$n, grid$d, grid$level, "two.sided")
grid$one_sided <- mapply(paired, grid$n, grid$d, grid$level, "greater")
needed <- expand.grid(d = c(0.05, 0.09, 0.2, 0.5, 1), power = c(0.5, 0.8, 0.95))
needed$n <- mapply(function(d, power) pwr.t.test(d = d, power = power, type = "paired")$n, needed$d, needed$power)
needed$n_normal <- mapply(function(d, power) pwr.norm.test(d = d, power = power)$n, needed$d, needed$power)
two <- expand.grid(n = c(10, 50, 400), d = c(0.1, 0.3, 0.8))
two$power <- mapply(function(n, d) pwr.t.test(n = n, d = d, type = "two.sample")$power, two$n, two$d)
write_json(
  list(R = paste(R.version$major, R.version$minor, sep = "."), pwr = as.character(packageVersion("pwr")),
       power = grid, needed = needed, two_samples = two),
  file.path(here, "power.json"), digits = NA, pretty = TRUE, auto_unbox = TRUE
)
