import pytest
import yaml

from handwriting import params
from tests.conftest import ROOT


def write(tmp_path, change):
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    change(values)
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def test_shipped_parameters_are_valid(params):
    assert params.preprocess.strip_height == 300


def test_every_parameter_has_a_comment():
    lines = (ROOT / "params.yaml").read_text().splitlines()
    values = [line for line in lines if line.strip() and not line.startswith("#") and not line.endswith(":")]
    plain = [line for line in values if "#" not in line]
    repeated = {
        "epochs",
        "windows_per_strip",
        "batch_size",
        "learning_rate",
        "dropout",
        "label_smoothing",
        "early_stopping_patience",
        "plateau_patience",
        "plateau_factor",
        "min_learning_rate",
        "refit",
    }
    assert [line for line in plain if line.split(":")[0].strip() not in repeated] == []


def test_all_wrong_parameters_are_named_at_once(tmp_path):
    def spoil(values):
        values["preprocess"]["clahe_cliplimit"] = values["preprocess"].pop("clahe_clip_limit")
        values["preprocess"]["blur"] = 4
        values["phase_two"]["learning_rate"] = -1.0
        values["evaluate"]["windows"] = 34
        values["seed"] = "one"

    with pytest.raises(ValueError) as error:
        params.load(write(tmp_path, spoil))
    message = str(error.value)
    for offender in (
        "preprocess.clahe_cliplimit: no such parameter",
        "preprocess.clahe_clip_limit: missing",
        "phase_two.learning_rate",
        "evaluate.windows",
        "seed",
    ):
        assert offender in message


@pytest.mark.parametrize(
    ("section", "key", "value", "reason"),
    [
        ("preprocess", "blur", 4, "even"),
        ("preprocess", "strip_stride", 301, "rows between two strips"),
        ("sample", "pen", [0.9, 0.1], "above the second"),
        ("split", "validation_position", "left", "'bottom'"),
    ],
)
def test_reason_is_said(tmp_path, section, key, value, reason):
    with pytest.raises(ValueError, match=reason):
        params.load(write(tmp_path, lambda values: values[section].update({key: value})))


def test_file_that_is_not_yaml(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("seed: [")
    with pytest.raises(ValueError, match="not valid YAML"):
        params.load(path)
