import subprocess
import sys
from pathlib import Path

import pytest

from profilers import backend
from profilers.backend import frameworks
from profilers.rundir import ProfileError

ROOT = Path(__file__).parent.parent.parent


def test_torch_is_found_with_its_facts() -> None:
    torch = frameworks()["torch"]
    assert torch.title == "PyTorch"
    assert torch.executions == ("eager", "compile")
    assert "torch" in torch.packages


def test_tensorflow_is_found_with_its_facts() -> None:
    tensorflow = frameworks()["tensorflow"]
    assert tensorflow.title == "TensorFlow"
    assert tensorflow.executions == ("function", "fit", "xla", "eager")


def test_finding_frameworks_imports_none() -> None:
    code = "import sys; from profilers.backend import frameworks; frameworks(); "
    code += "print({'torch', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_backend_without_facts_is_said(tmp_path: Path) -> None:
    path = tmp_path / "other_backend.py"
    path.write_text("X = 1\n")
    with pytest.raises(ProfileError, match="no FRAMEWORK constant"):
        backend._facts(path)
