"""Small made-up score tables that several tests use."""

import polars as pl


def two_models(n=20, **columns):
    """Two models on n items: a is right on the even ones and the first six, b on every third."""
    rows = [
        {"model": model, "item": f"q{i}", "score": float(right)}
        for model, rights in (("a", [i % 2 == 0 or i < 6 for i in range(n)]), ("b", [i % 3 == 0 for i in range(n)]))
        for i, right in enumerate(rights)
    ]
    return pl.DataFrame(rows).with_columns(**columns)


def clustered(n_clusters=8, size=5, models=("a", "b", "c")):
    """Every model answers size items in each cluster; model k is right where (cluster + item + k) % 3 is not 0."""
    return pl.DataFrame(
        [
            {
                "task": "quiz",
                "model": model,
                "item": f"p{g}-{i}",
                "passage": f"p{g}",
                "score": float((g + i + k) % (3 + k) != 0),
            }
            for k, model in enumerate(models)
            for g in range(n_clusters)
            for i in range(size)
        ]
    )


def attempts(n_clusters=8, size=5, times=3, models=("a", "b")):
    """Every model answers size items in each cluster several times; `length` is a covariate of the item."""
    return pl.DataFrame(
        [
            {
                "task": "quiz",
                "model": model,
                "item": f"p{g}-{i}",
                "passage": f"p{g}",
                "length": 10 * g + i,
                "attempt": t,
                "score": float((g + i * (k + 1) + t) % (3 + k) != 0),
            }
            for k, model in enumerate(models)
            for g in range(n_clusters)
            for i in range(size)
            for t in range(times)
        ]
    )


def close_models(n=40, names=("a", "b")):
    """Two models on n items, each right on about every other: the first on one item more."""
    return pl.DataFrame(
        [
            {
                "model": model,
                "item": f"q{i}",
                "half": "first" if i < n // 2 else "second",
                "score": float(i % 2 == k or not i),
            }
            for k, model in enumerate(names)
            for i in range(n)
        ]
    )


def won(wins, losses, n, names=("a", "b")):
    """The first of two models is better on some items, the second on others; both are right on the rest of n."""
    rights = ([1.0] * wins + [0.0] * losses, [0.0] * wins + [1.0] * losses)
    return pl.concat(
        pl.DataFrame({"model": name, "item": [f"q{i}" for i in range(n)], "score": right + [1.0] * (n - wins - losses)})
        for name, right in zip(names, rights, strict=True)
    )
