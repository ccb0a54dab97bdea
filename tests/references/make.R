# Reference values for the estimators, from R's own packages: reads data.csv, writes r.json (both beside this file).
# Needs: clubSandwich, sandwich, survey, jsonlite. Run: Rscript tests/references/make.R
suppressPackageStartupMessages({
  library(clubSandwich)
  library(sandwich)
  library(survey)
  library(jsonlite)
})
options(survey.lonely.psu = "fail")

file_arg <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- if (length(file_arg)) dirname(sub("^--file=", "", file_arg)) else "."
data <- read.csv(file.path(here, "data.csv"), stringsAsFactors = FALSE, na.strings = "")

# A weight enters lm() as `weights=`: the point estimate is the weighted mean. The working model behind CR2 and the degrees of
# freedom is then a choice: 'clubSandwich' is the package's default for lm (identity target: every row has the same variance,
# so the weight is a sampling weight), 'clubSandwich_inverse_variance_target' assumes a variance of 1 / weight.
robust <- function(fit, cluster, type, target = NULL) {
  arguments <- list(fit, cluster = cluster, type = type)
  if (!is.null(target)) arguments$target <- target
  vcov <- do.call(vcovCR, arguments)
  test <- coef_test(fit, vcov = vcov, test = "Satterthwaite")
  list(se = sqrt(vcov[1, 1]), df = test$df_Satt[1], p_value = test$p_Satt[1])
}

sandwiches <- function(fit, cluster, target = NULL) {
  types <- c("CR0", "CR1", "CR2")
  setNames(lapply(types, function(type) robust(fit, cluster, type, target)), types)
}

proportion <- function(design, method) {
  tryCatch({
    interval <- attr(svyciprop(~y, design, method = method, level = 0.95), "ci")
    list(low = unname(interval[1]), high = unname(interval[2]))
  }, error = function(problem) list(error = conditionMessage(problem)))
}

surveyed <- function(rows) {
  design <- svydesign(ids = ~cluster, weights = ~weight, data = rows)
  estimate <- svymean(~y, design)
  out <- list(mean = unname(coef(estimate)), se = unname(SE(estimate)[1]), df = degf(design))
  t_interval <- confint(estimate, df = degf(design))
  out$t_interval <- list(low = t_interval[1], high = t_interval[2])
  if (all(rows$y %in% c(0, 1))) {
    out$deff <- unname(deff(svymean(~y, design, deff = "replace"))[1])
    methods <- c("beta", "logit", "xlogit", "mean", "likelihood")
    out$svyciprop <- setNames(lapply(methods, function(method) proportion(design, method)), methods)
  }
  out
}

two_way <- function(rows, fit) {
  one <- function(cluster, type = "HC0") sqrt(vcovCL(fit, cluster = cluster, type = type, cadjust = FALSE)[1, 1])
  # multi0 = FALSE (the default): the intersection of both clusterings is taken like any other clustering
  list(
    vcovCL_HC0_cadjust_FALSE = one(~ cluster + cluster2),
    first_only = one(~cluster),
    second_only = one(~cluster2),
    intersection_only = one(interaction(rows$cluster, rows$cluster2, drop = TRUE)),
    vcovCL_HC1_cadjust_TRUE = sqrt(vcovCL(fit, cluster = ~ cluster + cluster2, type = "HC1", cadjust = TRUE)[1, 1])
  )
}

one_set <- function(rows) {
  environment_rows <<- rows
  weighted <- any(rows$weight != 1)
  fit <- if (weighted) lm(y ~ 1, data = environment_rows, weights = weight) else lm(y ~ 1, data = environment_rows)
  out <- list(
    n = nrow(rows),
    clusters = length(unique(rows$cluster)),
    weighted = weighted,
    mean = unname(coef(fit)[1]),
    naive_se = summary(fit)$coefficients[1, 2],
    clubSandwich = sandwiches(fit, rows$cluster)
  )
  if (weighted) {
    out$clubSandwich_inverse_variance_target <- sandwiches(fit, rows$cluster, 1 / rows$weight)
    # what howsure computes: a variance of 1 / weight turns into equal variances once rows are multiplied by sqrt(weight)
    transformed <- lm(I(sqrt(weight) * y) ~ 0 + I(sqrt(weight)), data = environment_rows)
    out$clubSandwich_transformed <- sandwiches(transformed, rows$cluster)
  }
  out$survey <- surveyed(rows)
  if (!all(is.na(rows$cluster2))) out$sandwich_two_way <- two_way(rows, fit)
  out
}

names_in_order <- unique(data$set)
sets <- setNames(lapply(names_in_order, function(name) one_set(data[data$set == name, ])), names_in_order)
packages <- c("clubSandwich", "sandwich", "survey", "jsonlite")
versions <- setNames(lapply(packages, function(name) as.character(packageVersion(name))), packages)
document <- list(R = paste(R.version$major, R.version$minor, sep = "."), packages = versions, sets = sets)
writeLines(toJSON(document, auto_unbox = TRUE, digits = I(17), pretty = 2, na = "null"), file.path(here, "r.json"))
