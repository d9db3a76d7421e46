"""The set-up of a GPU machine: an environment for each framework, and one with neither.

They are made of links to the packages that the tests themselves run with, so nothing is installed.
"""

import json
import os
import subprocess
import sysconfig
import tomllib
import venv
from collections.abc import Callable, Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from profilers import rundir
from profilers.backend import frameworks
from profilers.records import Environment

ROOT = Path(__file__).parent.parent
FRAMEWORKS = ("tensorflow", "torch")
ONLY_THE_ANALYSIS_NEEDS = ("pandas", "pyarrow", "tensorboard")
VARIABLE = "CROSSPROF_PYTHON_"

pytestmark = pytest.mark.slow

MakeEnvironment = Callable[[str, Iterable[str]], Path]


def needed_for(requirements: Iterable[str]) -> Iterable[Distribution]:
    """The packages that pip would install for the requirements, as they are installed here."""
    found: dict[tuple[str, str], Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        for extra in ("", *wanted.extras):
            if (wanted.name, extra) in found:
                continue
            package = found[wanted.name, extra] = distribution(wanted.name)
            needs = [Requirement(text) for text in package.requires or ()]
            waiting += [n for n in needs if not n.marker or n.marker.evaluate({"extra": extra})]
    return found.values()


@pytest.fixture(scope="module")
def make_environment(tmp_path_factory: pytest.TempPathFactory) -> MakeEnvironment:
    """Makes an environment with just what the requirements need; gives its interpreter."""

    def make(name: str, requirements: Iterable[str]) -> Path:
        folder = tmp_path_factory.mktemp(name) / ".venv"
        venv.create(folder, symlinks=True)
        bases = {"base": str(folder), "platbase": str(folder)}
        site_packages = Path(sysconfig.get_path("purelib", "venv", vars=bases))
        for package in needed_for(requirements):
            for top in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
                if not (site_packages / top).exists():
                    (site_packages / top).symlink_to(str(package.locate_file(top)))
        return folder / "bin" / "python"

    return make


@pytest.fixture(scope="module")
def plain_python(make_environment: MakeEnvironment) -> Path:
    """An interpreter with what the project itself depends on, and neither framework."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return make_environment("plain", project["dependencies"])


def run(interpreter: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run this interpreter with no variable of ours but those given."""
    ours = ("PYTHONPATH", *(VARIABLE + name.upper() for name in FRAMEWORKS))
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [str(interpreter), *arguments],
        cwd=ROOT,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def check_lacks(interpreter: Path, modules: Iterable[str]) -> None:
    for module in modules:
        done = run(interpreter, "-c", f"import {module}")
        assert f"No module named '{module}'" in done.stderr, f"{interpreter} has {module}"


@pytest.mark.parametrize(("framework", "way"), [("torch", "variable"), ("tensorflow", "option")])
def test_a_framework_runs_in_its_own_environment_and_the_rest_in_one_without(
    framework: str,
    way: str,
    make_environment: MakeEnvironment,
    plain_python: Path,
    tmp_path: Path,
) -> None:
    try:
        installed = version(framework)
    except PackageNotFoundError:
        pytest.skip(f"{framework} is not installed here")
    own = make_environment(framework, frameworks()[framework].packages.values())
    check_lacks(plain_python, FRAMEWORKS)
    others = [name for name in FRAMEWORKS if name != framework]
    check_lacks(own, [*others, *ONLY_THE_ANALYSIS_NEEDS])

    request = ["--framework", framework, "--device", "cpu", "--threads", "1", "--steps", "100"]
    request += ["--profile-steps", "5", "--output", str(tmp_path), "--name", "run", "--json"]
    named = {VARIABLE + framework.upper(): str(own)} if way == "variable" else {}
    request += [] if named else ["--python", f"{framework}={own}"]
    done = run(plain_python, "profile.py", *request, **named)

    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["runs"]
    assert (row["status"], row["framework"], row["error"]) == ("complete", framework, None)
    environment = rundir.read_json(tmp_path / "run" / rundir.ENVIRONMENT, Environment)
    assert environment.versions[framework].partition("+")[0] == installed.partition("+")[0]
    assert not set(others) & set(environment.versions)
    # Only this environment can have made them, and the commands that finish prints are for it.
    assert (tmp_path / "run" / rundir.SUMMARY).exists()
    assert (tmp_path / "run" / "derived" / "ops.parquet").exists()
    assert f"{plain_python} -m analysis view" in done.stderr
