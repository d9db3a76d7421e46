import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from profilers import launch, preflight
from profilers.backend import frameworks
from profilers.records import Settings
from profilers.rundir import ProfileError

MakeSettings = Callable[..., Settings]

ROOT = Path(__file__).parent.parent.parent


def test_missing_packages_are_answered_with_the_pip_command() -> None:
    packages = {"no_such_package": "no-such-package>=2", "json": "json"}
    missing = preflight.missing_packages(packages)
    assert missing == ["no-such-package>=2"]
    install = preflight.install_command(missing)
    assert install == f"{sys.executable} -m pip install 'no-such-package>=2'"
    assert f"lacks no-such-package>=2; install it with: {install}; or" in (
        preflight.lacks(missing, install)
    )


def test_it_answers_also_where_the_protocols_own_package_is_missing(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    code = "import sys; sys.modules['msgspec'] = None; sys.argv[0] = 'x'\n"
    code += "import importlib.util as u; find = u.find_spec\n"
    code += "u.find_spec = lambda n: None if n == 'msgspec' else find(n)\n"
    code += "from profilers.preflight import main; sys.exit(main())"
    request = json.dumps({"packages": {"msgspec": "msgspec>=0.19"}, "settings": {}})
    done = subprocess.run(
        [sys.executable, "-c", code, request],
        cwd=ROOT,
        pass_fds=(write_end,),
        env={**os.environ, "CROSSPROF_PIPE": str(write_end)},
        check=False,
    )
    os.close(write_end)
    answer = json.loads(os.read(read_end, 4096))
    os.close(read_end)
    assert done.returncode == 2
    assert answer["event"] == "error"
    assert answer["install"].endswith("pip install 'msgspec>=0.19'")
    assert answer["install"] in answer["message"]


@pytest.mark.slow
def test_a_working_device_is_ready(make_settings: MakeSettings) -> None:
    ready = launch.preflight(sys.executable, frameworks()["torch"], make_settings(device="auto"))
    assert ready.device in ("cpu", "cuda:0", "mps")
    assert ready.versions["torch"][0].isdigit()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "cuda"}, r"--device cuda was asked for, but .*use --device cpu"),
        ({"precision": "tf32"}, "tf32 is for CUDA GPUs"),
        ({"device": "mps"}, "no Metal device; use --device cpu"),
    ],
)
def test_what_can_not_work_is_said_before_anything_is_made(
    changes: dict[str, str], words: str, make_settings: MakeSettings
) -> None:
    import torch

    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has what the test needs to be missing")
    with pytest.raises(ProfileError, match=words):
        launch.preflight(sys.executable, frameworks()["torch"], make_settings(**changes))


def test_an_interpreter_that_is_no_python_is_said(
    tmp_path: Path, make_settings: MakeSettings
) -> None:
    with pytest.raises(ProfileError, match="PyTorch does not start under /bin/false"):
        launch.preflight("/bin/false", frameworks()["torch"], make_settings())
    script = tmp_path / "python"
    script.write_text("no program")
    script.chmod(0o755)
    with pytest.raises(ProfileError, match="can't be started"):
        launch.preflight(str(script), frameworks()["torch"], make_settings())
