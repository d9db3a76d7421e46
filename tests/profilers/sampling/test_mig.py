import pynvml
import pytest

from profilers.sampling import mig
from tests.fake_nvml.double import FakeNvml


def test_a_split_gpu_has_the_instances_that_there_are() -> None:
    library = FakeNvml()
    library.instances = {0: ["MIG-a", "MIG-b"]}
    assert mig.is_split(library, 0) is True
    assert mig.instances(library, 0) == ["MIG-a", "MIG-b"]


@pytest.mark.parametrize(("code", "told"), [(0, False), (pynvml.NVML_ERROR_NOT_SUPPORTED, None)])
def test_a_whole_gpu_and_one_without_mig_have_none(code: int, told: bool | None) -> None:
    library = FakeNvml()
    library.errors["mig-mode", 0] = code
    assert mig.is_split(library, 0) is told
    assert mig.instances(library, 0) == []
