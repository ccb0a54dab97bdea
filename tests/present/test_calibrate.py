"""The answer of calibrate, of every method and of one."""

import howsure as hs


def test_the_table_names_every_method_asked_for_with_its_coverage():
    answer = hs.calibrate()
    text = answer.render(width=120)
    assert answer.sentence in " ".join(text.split())
    for name in ("adaptive", "wilson", "paired score"):
        assert name in text
    assert "| " in answer.render("markdown")
    alone = hs.calibrate(methods="wilson").render(width=120)
    assert "wilson" in alone
    assert "paired score" not in alone
