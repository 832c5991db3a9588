import numpy as np
import pytest
from scipy.stats import binomtest

from handwriting import scores, voting


def test_wilson_interval_of_the_published_result():
    reference = binomtest(116, 140).proportion_ci(method="wilson")
    assert scores.wilson_interval(116, 140) == pytest.approx((reference.low, reference.high))


@pytest.mark.parametrize(("correct", "total"), [(0, 10), (10, 10), (1, 1)])
def test_wilson_interval_stays_in_range_and_holds_the_estimate(correct, total):
    low, high = scores.wilson_interval(correct, total)
    assert 0 <= low <= correct / total <= high <= 1
    assert low < high


def test_one_window_that_rules_a_class_out_weighs_more_among_logits():
    windows, image = np.array([[0.9, 0.1], [0.9, 0.1], [1e-6, 1 - 1e-6]]), np.zeros(3, int)
    assert voting.vote(windows, image, 1)[0] == pytest.approx([0.6, 0.4], abs=1e-6)
    assert voting.vote(windows, image, 1, "logits")[0].argmax() == 1


def test_windows_go_to_their_image():
    votes = voting.vote(np.array([[1.0, 0], [0, 1], [0.4, 0.6]]), np.array([1, 0, 0]), 2)
    assert votes == pytest.approx(np.array([[0.2, 0.8], [1, 0]]))


def test_summary():
    probabilities = np.eye(10)[[0, 1, 2, 3]] * 0.5 + 0.05
    summary = scores.summarise(probabilities, np.array([0, 1, 2, 9]))
    assert (summary["correct"], summary["total"], summary["accuracy"]) == (3, 4, 0.75)
    assert summary["top_5_accuracy"] == 0.75  # 9 ranks last among equals
    assert summary["macro_f1"] == pytest.approx(0.75)
