import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def params():
    from handwriting import params

    return params.load(ROOT / "params.yaml")


SMALL = {
    "data": {"root": "data/numbers"},
    "sample": {"classes": 3, "page_height": 620, "page_width": 420, "strip_width": 400, "numbers_per_line": [1, 2]},
    "model": {"weights": "none"},
    "phase_one": {"epochs": 2, "windows_per_strip": 4},
    "phase_two": {"epochs": 1},
}


class Project:
    """A clone of this project's tracked files in a folder of its own, with a small data set."""

    def __init__(self, folder):
        self.folder = folder
        tracked = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for name in tracked:
            if (ROOT / name).is_file() and name != "dvc.lock":
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        self.change(SMALL)
        for command in ("init -q", "add -A", "-c user.name=test -c user.email=test@example.org commit -qm start"):
            subprocess.run(["git", *command.split()], cwd=folder, check=True)

    def change(self, sections):
        """Set parameters; ``sections`` maps a section to its changed keys."""
        path = self.folder / "params.yaml"
        values = yaml.safe_load(path.read_text())
        for section, keys in sections.items():
            values[section].update(keys)
        path.write_text(yaml.safe_dump(values))

    def run(self, *command, check=True, **env):
        """Run a module's command line in the project, as a user with the environment active would."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": path, **env},
            timeout=900,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def stages_to_run(self):
        """Names of the stages that ``dvc repro`` would run now."""
        # On a fresh clone --dry ends where it misses the first output; what it said until then counts.
        lines = self.run("dvc", "repro", "--dry", check=False).stdout.splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage")]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
