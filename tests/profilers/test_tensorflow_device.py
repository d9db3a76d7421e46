from collections.abc import Callable

import pytest

from profilers.records import Settings
from profilers.rundir import ProfileError
from tests import frameworks

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    frameworks.tensorflow()


def test_the_cpu_is_always_there() -> None:
    from profilers import tensorflow_device

    assert tensorflow_device.resolve("cpu") == "cpu"
    assert tensorflow_device.resolve("auto") in ("cpu", "cuda:0")


def test_a_gpu_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from profilers import tensorflow_cuda, tensorflow_device

    config = tensorflow_device.tf.config
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(tensorflow_cuda, "none_seen", lambda: "none is seen: the reason")
    with pytest.raises(ProfileError) as caught:
        tensorflow_device.resolve("cuda:1")
    assert str(caught.value) == (
        "--device cuda:1 was asked for, but none is seen: the reason; or use --device cpu or auto."
    )
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


def test_only_auto_warns_of_a_gpu_that_is_not_seen(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    from profilers import tensorflow_backend, tensorflow_cuda, tensorflow_device

    config = tensorflow_device.tf.config
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(tensorflow_cuda, "unused_gpus", lambda: ["a warning"])
    preflight = tensorflow_backend.preflight
    assert preflight(make_settings(device="auto")) == ("cpu", ["a warning"])
    assert preflight(make_settings(device="cpu")) == ("cpu", [])


def test_xla_is_tried_on_a_gpu_alone_and_only_where_it_is_asked_for(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    from profilers import tensorflow_cuda, tensorflow_device

    real_device = tensorflow_device.tf.device
    monkeypatch.setattr(tensorflow_device.tf, "device", lambda place: real_device("/CPU:0"))
    tried: list[tuple[str, str]] = []
    monkeypatch.setattr(tensorflow_cuda, "try_xla", lambda *asked: tried.append(asked))
    for device in ("cpu", "cuda:1"):
        for execution in ("function", "xla", "eager"):
            tensorflow_device.try_out(device, make_settings(execution=execution))
    assert tried == [("cuda:1", "/GPU:1")]


def test_the_environment_names_versions_and_flags_in_force() -> None:
    from profilers import tensorflow_device

    found = tensorflow_device.environment("cpu")
    assert set(found.versions) >= {"tensorflow", "keras", "numpy"}
    assert "tensor_float_32" in found.precision
    assert found.devices[0]["device"] == "cpu"


def test_memory_peaks_begin_anew_with_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    from profilers import tensorflow_device

    experimental = tensorflow_device.tf.config.experimental
    peaks = {"current": 1, "peak": 7}
    monkeypatch.setattr(experimental, "get_memory_info", lambda _: peaks)
    monkeypatch.setattr(experimental, "reset_memory_stats", lambda _: peaks.update(peak=2))
    found = [tensorflow_device.memory("cuda:0") for _ in range(2)]
    assert found == [{"allocated_peak_bytes": 7}, {"allocated_peak_bytes": 2}]
    assert tensorflow_device.memory("cpu") == {}


def test_an_allocator_that_does_not_count_has_no_peaks(monkeypatch: pytest.MonkeyPatch) -> None:
    from profilers import tensorflow_device

    def uncounted(_: str) -> dict[str, int]:
        raise ValueError("Allocator stats not available for device 'GPU:0'")

    experimental = tensorflow_device.tf.config.experimental
    monkeypatch.setattr(experimental, "get_memory_info", uncounted)
    assert tensorflow_device.memory("cuda:0") == {}
