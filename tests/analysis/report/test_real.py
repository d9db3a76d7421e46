from analysis.parity.check import Check
from analysis.report import real


def output(subject: str, precision: str, difference: float) -> Check:
    return Check(
        name=f"{subject}, {precision}",
        group="outputs",
        same=True,
        difference=difference,
    )


def test_what_agrees_in_one_precision_is_one_row_with_the_furthest_value() -> None:
    checks = [
        output("outputs of the model", "float64", 3e-15),
        output("loss of step 0", "float64", 0.0),
        output("loss of step 0", "float32", 8e-8),
        output("outputs of the model", "float64", 2e-14),
    ]
    rows = real._agreeing(checks)
    assert [(row.name, row.value) for row in rows] == [
        (
            "Outputs of the model, loss of step 0 and outputs of the model, float64",
            "agree to 2e-14",
        ),
        ("Loss of step 0, float32", "agree to 8e-8"),
    ]
