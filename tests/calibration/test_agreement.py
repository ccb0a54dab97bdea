"""Agreement coefficients: their intervals reach the coverage promised in simulated scenarios."""

from simulation.agreement import AgreementWorld, check_agreements, standard_agreements

from howsure.inference import calibration_record
from trials import draws


def test_agreement_intervals_reach_their_coverage_in_two_scenarios_reproducibly():
    worlds = [
        AgreementWorld(shape="copying", items=20, raters=2, share=0.7, agreement=0.4),
        AgreementWorld(shape="ordered", items=20, raters=3, share=0.5, agreement=0.8),
        AgreementWorld(shape="clusters", items=60, raters=2, share=0.9, agreement=0.4),
    ]
    found = check_agreements(worlds, trials=draws(25, 100), seed=2)
    assert found.equals(check_agreements(worlds, trials=draws(25, 100), seed=2))
    assert found["kept"].all()
    assert set(found["coefficient"]) == {"agreement", "cohen", "fleiss", "gwet", "krippendorff"}
    by_world = found.filter(coefficient="fleiss")["truth"].to_list()
    assert abs(by_world[0] - 0.4) < 0.01


def test_full_observed_agreement_still_has_a_wide_interval():
    world = AgreementWorld(shape="copying", items=10, raters=2, share=0.9, agreement=1.0)
    found = check_agreements([world], trials=100)
    assert (found["coverage"] == 1).all()
    assert found.filter(coefficient="fleiss")["undefined"].item() > 0.2
    assert found.filter(coefficient="fleiss")["width"].item() > 0.5


def test_the_stored_simulations_of_agreement_reach_their_coverage():
    found = calibration_record.agreements()
    assert len(found.unique(["shape", "items", "raters", "share", "agreement"])) == len(standard_agreements())
    assert found["kept"].all()
    assert found["coverage"].mean() > 0.95
