"""The pipeline run for real, as a user runs it, on a small data set of its own."""

import json
import shutil

import cv2
import keras
import numpy as np
import pandas as pd
import pytest

from handwriting import params
from tests.conftest import Project


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A project after ``dvc repro``."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.run("dvc", "repro")
    return project


def test_everything_promised_is_there(finished):
    metrics = json.loads((finished.folder / "metrics.json").read_text())
    assert {
        "accuracy",
        "correct",
        "total",
        "accuracy_95_low",
        "accuracy_95_high",
        "top_5_accuracy",
        "macro_f1",
        "single_window_accuracy",
        "phase_one_validation_accuracy",
        "phase_two_validation_accuracy",
    } <= set(metrics)
    result = pd.read_csv(finished.folder / "result.csv", dtype=str)
    assert list(result.columns[:3]) == ["filename", "actual", "predicted"]
    assert sorted(result.filename) == sorted(path.name for path in (finished.folder / "data/numbers/test").iterdir())
    assert set(result.actual) == {"01", "02", "03"} == set(result.actual) | set(result.predicted)
    assert metrics["correct"] == (result.actual == result.predicted).sum()
    assert cv2.imread(str(finished.folder / "plots/predictions.png")).std() > 10


def test_nothing_runs_twice(finished):
    assert finished.stages_to_run() == []


def test_two_clones_give_the_same_bytes(finished, tmp_path):
    other = Project(tmp_path)
    other.run("dvc", "repro")
    for name in ("metrics.json", "result.csv"):
        assert (other.folder / name).read_bytes() == (finished.folder / name).read_bytes()


def test_the_model_alone_gives_what_evaluate_gives(finished):
    """Plain Keras in safe mode, OpenCV and the README's recipe; nothing of this project's code."""
    windows = pd.read_csv(finished.folder / "result.csv")
    finished.run("dvc", "exp", "run", "-S", "evaluate.method=patches")
    result = pd.read_csv(finished.folder / "result.csv", dtype={"filename": str, "predicted": str})
    model = keras.models.load_model(finished.folder / "models/model.keras", safe_mode=True)
    classes = json.loads((finished.folder / "models/classes.json").read_text())
    assert model.input_shape == (None, 300, 300, 3)
    for answer in result.itertuples():
        gray = cv2.imread(str(finished.folder / "data/numbers/test" / answer.filename), cv2.IMREAD_GRAYSCALE)
        strip = cv2.GaussianBlur(cv2.createCLAHE(2.0, (8, 8)).apply(gray), (3, 3), 0)
        strip = np.pad(strip, ((0, 0), (0, -(strip.shape[1] - 300) % 16)), mode="edge")
        places = np.rint(np.linspace(0, (strip.shape[1] - 300) // 16, 35)).astype(int) * 16
        patches = np.stack([strip[:, x : x + 300] for x in places])[..., None].repeat(3, -1)
        votes = model.predict(patches.astype(np.float32), verbose=0).mean(axis=0)
        assert classes[votes.argmax()] == answer.predicted
        assert votes.max() == pytest.approx(answer.confidence, abs=1e-4)
    finished.run("dvc", "exp", "run", "-S", "evaluate.method=windows")
    assert pd.read_csv(finished.folder / "result.csv").equals(windows)
    # The shared pass sees beyond a window's sides; what it answers stays near.
    assert np.abs(windows.confidence - result.confidence).max() < 0.1


def test_only_what_depends_on_a_change_runs_again(finished, tmp_path):
    backup = (finished.folder / "params.yaml").read_bytes()
    finished.change({"phase_two": {"epochs": 2, "trainable_layers": 20}})
    stages = finished.stages_to_run()
    assert "train_phase_two" in stages
    assert not {"sample", "preprocess", "split", "features", "train_phase_one"} & set(stages)
    (finished.folder / "params.yaml").write_bytes(backup)
    finished.change({"preprocess": {"clahe_clip_limit": 3.0}})
    stages = finished.stages_to_run()
    assert "preprocess" in stages
    assert not {"sample", "weights"} & set(stages)
    (finished.folder / "params.yaml").write_bytes(backup)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("metrics show", "single_window_accuracy"),
        ("metrics diff HEAD", "total"),
        ("params diff HEAD --all", "phase_two.learning_rate"),
        ("plots show", "index.html"),
        ("exp show --no-pager", "evaluate.method"),
        ("dag", "train_phase_two"),
        ("status", "up to date"),
    ],
)
def test_the_commands_people_use(finished, command, expected):
    assert expected in finished.run("dvc", *command.split(), PAGER="cat", COLUMNS="4000").stdout


def test_small_learning_rates_survive_dvc(finished):
    """DVC writes 0.00001 as 1e-05, which YAML 1.1 takes for a text."""
    from dvc.utils.hydra import apply_overrides

    path = finished.folder / "params.yaml"
    before = path.read_bytes()
    apply_overrides(path, ["phase_two.learning_rate=0.00001"])
    assert params.load(path).phase_two.learning_rate == 1e-5
    path.write_bytes(before)


def test_bad_images_are_all_named_before_training(project):
    project.run("dvc", "repro", "-s", "sample")
    train, test = project.folder / "own/train", project.folder / "own/test"
    shutil.copytree(project.folder / "data/numbers/train", train)
    shutil.copytree(project.folder / "data/numbers/test", test)
    whole = (train / "01_page1.jpg").read_bytes()
    (train / "02_cut.png").write_bytes(whole[:100])
    (train / "03_empty.png").write_bytes(b"")
    (train / "nolabel.jpg").write_bytes(whole)
    (test / "99_x.jpg").write_bytes(whole)
    project.change({"data": {"root": "own"}})
    done = project.run("dvc", "repro", "-s", "preprocess", check=False)
    assert done.returncode != 0
    for offender in ("02_cut.png", "03_empty.png: the file is empty", "nolabel.jpg: no label", "'99' has no page"):
        assert offender in done.stderr
    assert "4 problem(s)" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((project.folder / "data").glob("strips/*"))


def test_wrong_parameter_and_missing_weights_stop_before_any_work(project, tmp_path):
    project.change({"model": {"weights": "nowhere.h5"}})
    done = project.run("dvc", "repro", check=False)
    assert done.returncode != 0
    assert "model.weights=nowhere.h5" in done.stderr
    assert "Running stage 'sample'" not in done.stdout
    project.change({"model": {"weights": "none"}, "preprocess": {"blurr": 3}})
    done = project.run("dvc", "repro", check=False)
    assert "preprocess.blurr: no such parameter" in done.stderr
    assert "Running stage 'sample'" not in done.stdout
