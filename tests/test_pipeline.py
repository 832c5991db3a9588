"""dvc.yaml against the code: every module a stage imports and every parameter it reads is declared."""

import ast
import re

import pytest
import yaml

from handwriting.params import Params
from tests.conftest import ROOT

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def imported(path):
    """Paths of the project's modules that a file imports, whatever the form of the import."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            file = ROOT / (name.replace(".", "/") + ".py")
            if name.split(".")[0] in ("handwriting", "stages") and file.is_file():
                found.add(file)
    return found


def closure(path):
    seen, open_files = set(), {path}
    while open_files:
        file = open_files.pop()
        seen.add(file)
        open_files |= imported(file) - seen
    return {file.relative_to(ROOT).as_posix() for file in seen}


def parameters(path):
    """Parameters that a stage reads, as dotted names; a section that is passed on whole is one name.

    Follows names bound to the parameters or to a section of them: ``settings = params.load()``,
    ``a, b = settings.x, settings.y``.
    """
    tree = ast.parse(path.read_text())
    bound = {}

    def dotted(node):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "params.load":
            return ""
        if isinstance(node, ast.Name):
            return bound.get(node.id)
        if isinstance(node, ast.Attribute):
            base = dotted(node.value)
            return None if base is None else f"{base}.{node.attr}".lstrip(".")
        return None

    assignments = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=True))
                assignments += [(t, v) for t, v in pairs if isinstance(t, ast.Name)]
    for _ in range(3):  # names bound to names
        for target, value in assignments:
            if dotted(value) is not None:
                bound[target.id] = dotted(value)
    read, inner = set(), {id(value) for _, value in assignments if dotted(value) is not None}
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node
    for node in ast.walk(tree):
        name = dotted(node) if isinstance(node, (ast.Attribute, ast.Name)) else None
        if name == "" and isinstance(node.ctx, ast.Load) and not isinstance(node.parent, ast.Attribute):
            read.add("all of them")  # handed on as a whole: nobody can tell what is read
        if not name or id(node) in inner or isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        if isinstance(node.parent, ast.Attribute) and dotted(node.parent) is not None:
            continue
        read.add(name)
    # A name bound to a single value (not a section) counts as read where it is bound.
    sections = set(Params.model_fields) - {"seed"}
    read |= {dotted(v) for _, v in assignments if dotted(v) and dotted(v) not in sections}
    return {name for name in read if not any(name != other and name.startswith(f"{other}.") for other in read)}


@pytest.mark.parametrize("stage", STAGES)
def test_modules_are_declared(stage):
    declared = {dep for dep in STAGES[stage]["deps"] if dep.endswith(".py")}
    assert closure(ROOT / "stages" / f"{stage}.py") == declared


def leaves(names):
    """Sections among dotted names replaced by the names of all their parameters."""
    found = set()
    for name in names:
        section, _, key = name.partition(".")
        assert section in Params.model_fields, f"a stage reads {name}"
        model = Params.model_fields[section].annotation
        found |= {f"{section}.{k}" for k in model.model_fields} if not key and section != "seed" else {name}
    return found


def test_only_stages_read_parameters():
    for module in (ROOT / "handwriting").glob("*.py"):
        if module.name != "params.py":
            text = module.read_text()
            assert ROOT / "handwriting/params.py" not in imported(module)
            assert not re.search(r"open\(.*params\.yaml", text)


@pytest.mark.parametrize("stage", STAGES)
def test_parameters_are_declared(stage):
    assert leaves(parameters(ROOT / "stages" / f"{stage}.py")) == leaves(STAGES[stage]["params"])


def test_declared_parameters_exist():
    for stage in STAGES.values():
        for name in stage["params"]:
            model = Params
            for key in name.split("."):
                field = model.model_fields[key]
                model = field.annotation


def test_the_package_itself_runs_no_code():
    """Importing any module runs handwriting/__init__.py, which no stage declares: it must stay empty."""
    body = ast.parse((ROOT / "handwriting/__init__.py").read_text()).body
    assert all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)


def test_the_light_modules_do_not_import_tensorflow():
    for stage in ("sample", "preprocess", "split"):
        for module in closure(ROOT / "stages" / f"{stage}.py"):
            assert "import keras" not in (ROOT / module).read_text()
            assert "import tensorflow" not in (ROOT / module).read_text()


def test_weights_are_fetched_before_any_other_work(project):
    assert project.stages_to_run()[0] == "weights"
