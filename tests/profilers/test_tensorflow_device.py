from collections.abc import Callable

import pytest

from profilers.rundir import ProfileError, Settings

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    pytest.importorskip("tensorflow")


def test_the_cpu_is_always_there() -> None:
    from profilers import tensorflow_device

    assert tensorflow_device.resolve("cpu") == "cpu"
    assert tensorflow_device.resolve("auto") in ("cpu", "cuda:0")


def test_a_gpu_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from profilers import tensorflow_device

    config = tensorflow_device.tf.config
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: [])
    with pytest.raises(ProfileError, match=r"sees no GPU; use --device cpu"):
        tensorflow_device.resolve("cuda")
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: ["one"])
    with pytest.raises(ProfileError, match=r"cuda:3 was asked for, but TensorFlow sees 1 GPU"):
        tensorflow_device.resolve("cuda:3")
    assert tensorflow_device.resolve("cuda") == "cuda:0"


def test_metal_is_not_offered() -> None:
    from profilers import tensorflow_device

    with pytest.raises(ProfileError, match="mps is not known to TensorFlow"):
        tensorflow_device.resolve("mps")


def test_the_cpu_multiplies_right(make_settings: Callable[..., Settings]) -> None:
    from profilers import tensorflow_device

    assert tensorflow_device.try_out("cpu", make_settings()) == []
    with pytest.raises(ProfileError, match="tf32 is for CUDA GPUs"):
        tensorflow_device.try_out("cpu", make_settings(precision="tf32"))


def test_the_environment_names_versions_and_flags_in_force() -> None:
    from profilers import tensorflow_device

    found = tensorflow_device.environment("cpu")
    assert set(found.versions) >= {"tensorflow", "keras", "numpy"}
    assert "tensor_float_32" in found.precision
    assert found.devices[0]["device"] == "cpu"
