import os
from collections.abc import Callable

import pytest

from profilers.records import Settings
from profilers.rundir import ProfileError

pytestmark = pytest.mark.slow


def test_the_cpu_is_always_there() -> None:
    import torch

    from profilers import torch_device

    assert torch_device.resolve("cpu") == torch.device("cpu")
    assert torch_device.resolve("auto").type in ("cpu", "cuda", "mps")


def test_a_gpu_that_is_not_there_is_said_with_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from profilers import torch_device

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ProfileError, match=r"cuda:3 was asked for, but torch sees 1 GPU"):
        torch_device.resolve("cuda:3")


def test_a_driver_that_does_not_start_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    from profilers import torch_device

    def init() -> None:
        raise RuntimeError("Found no NVIDIA driver on your system. Please check\nthat you have")

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "init", init)
    with pytest.raises(ProfileError, match=r"\(Found no NVIDIA driver on your system\)") as caught:
        torch_device.resolve("cuda")
    assert "\n" not in str(caught.value)


def test_the_cpu_multiplies_right(make_settings: Callable[..., Settings]) -> None:
    import torch

    from profilers import torch_device

    assert torch_device.try_out(torch.device("cpu"), make_settings()) == []


def test_compiled_code_is_not_taken_from_a_run_before(monkeypatch: pytest.MonkeyPatch) -> None:
    from profilers import torch_device

    for name in torch_device.CACHE_VARIABLES:
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    made = torch_device.fresh_compile_cache()
    assert made is not None
    assert os.listdir(os.environ["TORCHINDUCTOR_CACHE_DIR"]) == []
    assert torch_device.fresh_compile_cache() is None
    made.cleanup()
    assert not os.path.exists(made.name)


def test_a_parameter_on_another_device_is_found() -> None:
    import torch

    from profilers import torch_device

    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2, device="meta"))
    with pytest.raises(ProfileError, match=r"1\.weight lies on meta and not on cpu"):
        torch_device.check_placement(model, torch.device("cpu"))


def test_the_environment_names_threads_and_flags_in_force() -> None:
    import torch

    from profilers import torch_device

    found = torch_device.environment(torch.device("cpu"))
    assert found.threads["intra_op"] == torch.get_num_threads()
    assert found.versions["torch"] == torch.__version__
    assert set(found.precision) >= {"matmul_allow_tf32", "cudnn_allow_tf32"}
    assert found.devices[0]["device"] == "cpu"


def test_memory_peaks_begin_anew_with_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from profilers import torch_device

    peaks = {"allocated": 7, "reserved": 9}
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: peaks["allocated"])
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda _: peaks["reserved"])
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: peaks.update(allocated=1))
    found = [torch_device.memory(torch.device("cuda:0")) for _ in range(2)]
    assert found == [
        {"allocated_peak_bytes": 7, "reserved_peak_bytes": 9},
        {"allocated_peak_bytes": 1, "reserved_peak_bytes": 9},
    ]
    assert torch_device.memory(torch.device("cpu")) == {}
