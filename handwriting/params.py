"""``params.yaml`` as validated types: a wrong, misspelt or missing key stops a stage before any work."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML, YAMLError

Probability = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Strength = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """A part of ``params.yaml``: immutable, strictly typed, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Data(Section):
    root: Annotated[str, Field(min_length=1)]


class Sample(Section):
    classes: Annotated[int, Field(ge=2, le=99)]
    pages_per_class: Count
    strips_per_class: Count
    page_height: Annotated[int, Field(ge=300)]
    page_width: Annotated[int, Field(ge=300)]
    strip_height: Annotated[int, Field(ge=100)]
    strip_width: Annotated[int, Field(ge=300)]
    test_digit_share: Annotated[float, Field(gt=0, lt=1)]
    line_spacing: Annotated[int, Field(ge=40)]
    numbers_per_line: Annotated[list[Count], Field(min_length=2, max_length=2)]
    digit_height: Annotated[list[Annotated[float, Field(ge=8, le=200)]], Field(min_length=2, max_length=2)]
    slant: Annotated[float, Field(ge=0, le=1)]
    spacing: Annotated[list[Positive], Field(min_length=2, max_length=2)]
    pen: Annotated[list[Strength], Field(min_length=2, max_length=2)]
    ink: Annotated[list[Strength], Field(min_length=2, max_length=2)]
    rotation: Annotated[float, Field(ge=0, le=15)]
    light: Strength
    shadow: Strength
    noise: Annotated[float, Field(ge=0, le=100)]
    blur: Annotated[float, Field(ge=0, le=10)]
    jpeg_quality: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _ranges_ascend(self):
        for name in ("numbers_per_line", "digit_height", "spacing", "pen", "ink"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: the first of the two, {low}, is above the second, {high}")
        return self


class Preprocess(Section):
    scale: Annotated[float, Field(gt=0, le=10)]
    strip_height: Annotated[int, Field(ge=96, le=1024)]
    strip_stride: Count
    clahe: bool
    clahe_clip_limit: Positive
    clahe_tiles: Annotated[int, Field(ge=1, le=64)]
    blur: Annotated[int, Field(ge=1, le=31)]

    @model_validator(mode="after")
    def _strips_overlap_and_kernel_is_odd(self):
        if self.strip_stride > self.strip_height:
            raise ValueError(
                f"strip_stride: {self.strip_stride} is more than strip_height, {self.strip_height}: "
                "rows between two strips would be lost"
            )
        if self.blur % 2 == 0:
            raise ValueError(f"blur: {self.blur} is even; a Gaussian kernel has an odd size (1 is none)")
        return self


class Split(Section):
    validation_share: Annotated[float, Field(gt=0, le=0.5)]
    validation_position: Literal["top", "middle", "bottom"]


class Model(Section):
    weights: Annotated[str, Field(min_length=1)]
    layer: str
    cached_layer: str


class Augmentation(Section):
    copies: CountOrNone
    rotation: Annotated[float, Field(ge=0, le=0.25)]
    translation: Annotated[float, Field(ge=0, le=0.5)]
    zoom: Annotated[float, Field(ge=0, le=0.5)]
    contrast: Annotated[float, Field(ge=0, lt=1)]


class Phase(Section):
    """What both phases of the training share."""

    epochs: CountOrNone
    batch_size: Count
    windows_per_strip: Count
    learning_rate: Positive
    dropout: Probability
    label_smoothing: Probability
    early_stopping_patience: Count
    plateau_patience: Count
    plateau_factor: Annotated[float, Field(gt=0, lt=1)]
    min_learning_rate: Annotated[float, Field(ge=0)]
    refit: bool


class PhaseOne(Phase):
    shrinkage: Strength
    start: Literal["lda", "zeros"]
    lda_scale: Positive


class PhaseTwo(Phase):
    trainable_layers: Count


class Evaluate(Section):
    method: Literal["windows", "patches"]
    windows: Annotated[int, Field(ge=35)]
    random_windows: CountOrNone
    average: Literal["probabilities", "logits"]


class Params(Section):
    """All of ``params.yaml``; what each key means and its unit stands there, beside the value."""

    seed: Annotated[int, Field(ge=0, lt=2**31)]
    data: Data
    sample: Sample
    preprocess: Preprocess
    split: Split
    model: Model
    augmentation: Augmentation
    phase_one: PhaseOne
    phase_two: PhaseTwo
    evaluate: Evaluate


def load(path="params.yaml"):
    """Read and validate a parameter file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Params

    Raises
    ------
    ValueError
        With one line for each missing, unknown, mistyped or out-of-range key.
    """
    with open(path, encoding="utf-8") as file:
        try:
            # YAML 1.2, as DVC reads and writes it: `dvc exp run -S` writes 1e-05, in YAML 1.1 a text.
            values = YAML(typ="safe").load(file)
        except YAMLError as error:
            raise ValueError(f"{path} is not valid YAML: {error}") from None
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or path}: {_reason(e)}" for e in error.errors()]
        raise ValueError(f"{path}: {len(lines)} parameter(s) to mend\n" + "\n".join(lines)) from None


def _reason(error):
    if error["type"] == "extra_forbidden":
        return "no such parameter (misspelt?)"
    if error["type"] == "missing":
        return "missing"
    return f"{error['msg'].removeprefix('Value error, ')} (is {error['input']!r})"[:300]
