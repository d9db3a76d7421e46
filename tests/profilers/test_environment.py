from pathlib import Path

import pytest

from profilers.environment import cpu_model, relevant_variables


def test_the_processor_is_named_as_the_kernel_names_it() -> None:
    info = Path("/proc/cpuinfo")
    if not info.exists() or "model name" not in info.read_text():
        pytest.skip("this machine's kernel does not name its processor")
    assert cpu_model() in info.read_text()


def test_only_variables_that_matter_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    private = ("MY_SECRET_TOKEN", "TF_VAR_db_password", "TF_TOKEN_app", "TORCH_API_TOKEN")
    for name in private:
        monkeypatch.setenv(name, "x")
    kept = relevant_variables()
    assert kept["OMP_NUM_THREADS"] == "3"
    assert not set(private) & set(kept)
    assert "PATH" not in kept
