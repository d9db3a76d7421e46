import pytest
from hypothesis import given
from hypothesis import strategies as st

from profilers.sampling.visible import Known, Visible, visible

GPUS = [Known("GPU-aa11"), Known("GPU-ab22"), Known("GPU-cc33", ["MIG-d4", "MIG-e5"]), Known(None)]
ZERO, ONE, TWO, THREE = Visible(0), Visible(1), Visible(2, "MIG-d4"), Visible(3)


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (None, [ZERO, ONE, TWO, THREE]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("1", [ONE]),
        ("1,0", [ONE, ZERO]),
        (" 1 , +0", [ONE, ZERO]),
        ("1gpu", [ONE]),
        ("0,-1,1", [ZERO]),
        ("0,9,1", [ZERO]),
        ("0,x,1", [ZERO]),
        ("0,,1", [ZERO]),
        ("0,0", []),
        ("2", [TWO]),
        ("3", [THREE]),
        ("GPU-aa11", [ZERO]),
        ("GPU-AB", [ONE]),
        ("GPU-a", []),
        ("GPU-", []),
        ("GPU-ab,GPU-aa", [ONE, ZERO]),
        ("GPU-ab,GPU-zz,GPU-aa", [ONE]),
        ("GPU-ab,0", [ONE]),
        ("0,GPU-ab", [ZERO]),
        ("GPU-cc", [TWO]),
        ("GPU-ab,GPU-ab22", []),
        ("MIG-e5", [Visible(2, "MIG-e5")]),
        ("MIG-d4,MIG-e5", [TWO, Visible(2, "MIG-e5")]),
        ("MIG-f", []),
    ],
)
def test_each_form_is_read_as_cuda_does(variable, expected):
    assert visible(variable, GPUS) == expected


@given(st.text(alphabet="0123456789,-+ GPUMIabcde", max_size=30))
def test_anything_gives_devices_of_this_machine_each_once(variable):
    found = visible(variable, GPUS)
    assert len(found) == len(set(found))
    assert all(0 <= device.index < len(GPUS) for device in found)
