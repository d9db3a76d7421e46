from typing import Any

import msgspec
import numpy as np
import pytest

from analysis.parity import probe_checks, sampling
from analysis.parity.reader import read_pair
from profilers import parity_arrays, rundir
from profilers.parity_record import PARITY, PARITY_ARRAYS, ArrayRecord, ParityRecord


@pytest.mark.parametrize(("count", "kept"), [(70_000, 4096), (70_000, 128), (5, 16)])
def test_positions_are_those_of_the_profiler(count: int, kept: int) -> None:
    found = sampling.positions("gradient/fc1.weight", count, kept)
    assert found.tolist() == parity_arrays.positions("gradient/fc1.weight", count, kept).tolist()


@pytest.mark.parametrize("kept", [(70_000, 512), (4096, 512), (512, 64), (512, 512), (None, 64)])
def test_values_that_both_kept(kept: tuple[int | None, int | None]) -> None:
    whole = np.random.default_rng(1).normal(size=70_000)
    records = []
    arrays = []
    for number in kept:
        records.append(ArrayRecord(name="a", shape=(700, 100), norm=1.0, kept=number))
        places = sampling.positions("a", whole.size, number or 4096)
        arrays.append(whole if number == whole.size else whole[places])
    small = records[1], records[0]
    left, right = sampling.common((records[0], records[1]), (arrays[0], arrays[1]))
    assert left.tolist() == right.tolist() == arrays[1].tolist()
    turned = sampling.common(small, (arrays[1], arrays[0]))
    assert turned[1].tolist() == arrays[1].tolist()


def keep_fewer(folder: Any, name: str, kept: int, moved: float = 0.0) -> None:
    """What the profiler does where its file would be too large."""
    record = rundir.read_json(folder / PARITY, ParityRecord)
    layer = next(each for each in record.layers if each.output and each.output.name == name)
    with np.load(folder / PARITY_ARRAYS) as file:
        arrays = dict(file)
    assert layer.output is not None
    count = int(np.prod(layer.output.shape))
    places = sampling.positions(name, count, arrays[name].size)
    chosen = sampling.positions(name, count, kept)
    values = arrays[name].reshape(-1)
    small = values[chosen] if values.size == count else values[np.searchsorted(places, chosen)]
    np.savez(folder / PARITY_ARRAYS, allow_pickle=False, **{**arrays, name: small + moved})
    fewer = msgspec.structs.replace(layer.output, kept=kept)
    layers = [msgspec.structs.replace(layer, output=fewer)]
    rundir.write_json(folder / PARITY, msgspec.structs.replace(record, layers=layers))


@pytest.mark.parametrize("shape", [(400, 400), (100, 100)])
@pytest.mark.parametrize("moved", [0.0, 1e-3])
def test_one_side_may_have_kept_fewer(make_probe: Any, shape: Any, moved: float) -> None:
    layers = {"wide": ("Linear", shape)}
    left, right = make_probe("left", layers=layers), make_probe("right", layers=layers)
    keep_fewer(right, "output/wide", 256, moved)
    pair = read_pair(left, right)
    (check,) = [each for each in probe_checks.checks(pair) if each.subject == "wide"]
    assert check.same is (moved == 0)
    assert "finite" not in check.effect
