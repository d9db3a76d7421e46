import importlib.util
import sys
import time
from pathlib import Path

import psutil
import pytest

from profilers.backend import Framework, frameworks
from profilers.doctor import software

PAUSE = "#!/bin/sh\nexec sleep 60\n"


def framework(**packages: str) -> Framework:
    return Framework(name="torch", title="PyTorch", packages=packages, executions=("eager",))


def interpreter(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(script)
    path.chmod(0o755)
    return str(path)


@pytest.mark.slow
def test_all_frameworks_are_asked_side_by_side() -> None:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs both frameworks")
    for each in software.examine(frameworks().values(), {}):
        assert each.usable, each.problem
        assert each.interpreter == sys.executable
        assert each.versions[each.name][0].isdigit()
        assert each.device is not None
        assert each.problem is None


def test_a_missing_package_comes_with_the_command_that_installs_it() -> None:
    (found,) = software.examine([framework(no_such_package="no-such-package>=2")], {})
    assert not found.usable
    assert found.install == f"{sys.executable} -m pip install 'no-such-package>=2'"
    assert found.problem is not None
    assert "lacks no-such-package>=2" in found.problem


def test_interpreters_that_are_none(tmp_path: Path) -> None:
    (found,) = software.examine([framework()], {"torch": str(tmp_path / "none")})
    assert "not an executable file" in str(found.problem)
    assert found.interpreter is None
    (found,) = software.examine([framework()], {"torch": "/bin/false"})
    assert found.problem == "it ended without an answer"
    (found,) = software.examine([framework()], {"torch": interpreter(tmp_path, "no program")})
    assert "can't be started" in str(found.problem)


def test_an_interpreter_that_does_not_answer_in_time_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    (found,) = software.examine(
        [framework()], {"torch": interpreter(tmp_path, PAUSE)}, patience_seconds=0.5
    )
    assert found.problem == "it gave no answer in time"
    assert time.monotonic() - began < 30
    assert not [p for p in psutil.Process().children() if "sleep" in p.name()]


def test_a_framework_that_breaks_when_it_is_imported(tmp_path: Path) -> None:
    broken = "import sys\nsys.modules['torch'] = None\nfrom profilers import preflight\n"
    code = f"{broken}sys.argv[:] = sys.argv[-2:]\nsys.exit(preflight.main())"
    script = f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n'
    (found,) = software.examine([framework()], {"torch": interpreter(tmp_path, script)})
    assert not found.usable
    assert str(found.problem).startswith("it does not start (")
    assert found.install is None
