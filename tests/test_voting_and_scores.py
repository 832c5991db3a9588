import numpy as np
import pytest

from handwriting import scores, voting


def test_wilson_interval_of_the_published_result():
    # R: binom::binom.wilson(116, 140) and prop.test(116, 140, correct = FALSE)
    assert scores.wilson_interval(116, 140) == pytest.approx((0.75747, 0.88197), abs=1e-4)


@pytest.mark.parametrize(("correct", "total"), [(0, 10), (10, 10), (1, 1)])
def test_wilson_interval_stays_in_range_and_holds_the_estimate(correct, total):
    low, high = scores.wilson_interval(correct, total)
    assert 0 <= low <= correct / total <= high <= 1
    assert low < high


def test_many_unsure_windows_outvote_a_few_sure_ones():
    windows = np.array([[0.9, 0.1, 0]] * 2 + [[0.3, 0.5, 0.2]] * 8)
    votes = voting.vote(windows, np.zeros(10, int), 1)
    assert votes[0] == pytest.approx([0.42, 0.42, 0.16])
    assert voting.vote(windows, np.zeros(10, int), 1, "logits")[0].argmax() == 1


def test_windows_go_to_their_image():
    votes = voting.vote(np.array([[1.0, 0], [0, 1], [0.4, 0.6]]), np.array([1, 0, 0]), 2)
    assert votes == pytest.approx(np.array([[0.2, 0.8], [1, 0]]))


def test_summary():
    probabilities = np.eye(10)[[0, 1, 2, 3]] * 0.5 + 0.05
    summary = scores.summarise(probabilities, np.array([0, 1, 2, 9]))
    assert (summary["correct"], summary["total"], summary["accuracy"]) == (3, 4, 0.75)
    assert summary["top_5_accuracy"] == 0.75  # 9 ranks last among equals
    assert summary["macro_f1"] == pytest.approx(0.75)
