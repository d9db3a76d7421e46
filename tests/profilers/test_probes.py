"""Probes made by a process that a script plays, and what is kept of them."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from profilers import probes, rundir
from profilers.backend import frameworks
from profilers.parity_record import PARITY, PARITY_ARRAYS, ArrayRecord, Curve, ParityRecord
from profilers.plan import Side
from profilers.probes import ProbeFailedError, attach, find, make, request, to_make
from profilers.progress import Progress
from profilers.records import RunRecord, Settings
from workloads.catalogue import find_workload
from workloads.weights import initial_weights, save

MakeSide = Callable[..., Side]

SCRIPT = """\
import json, os, sys, time
folder, act = sys.argv[-1], {act!r}
print("a word in the log", flush=True)
open({calls!r}, "a").write("x")
if act == "fail":
    line = json.dumps({{"event": "error", "kind": "crash", "message": "it broke."}}) + "\\n"
    os.write(int(os.environ["CROSSPROF_PIPE"]), line.encode())
    sys.exit(1)
if act == "die":
    os.abort()
if act == "hang":
    time.sleep(60)
key = json.load(open(folder + "/request.json"))["key"]
record = json.load(open({record!r}))
open(folder + "/parity.npz", "wb").write(b"arrays")
open(folder + "/parity.json", "w").write(json.dumps(record | {{"key": key}}))
"""


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSSPROF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / probes.FOLDER


@pytest.fixture
def make_side(
    tmp_path: Path, make_settings: Callable[..., Settings], make_record: Callable[..., RunRecord]
) -> MakeSide:
    """A side whose interpreter is a script that writes a probe, or does what it is told."""
    array, curve = ArrayRecord(name="outputs", shape=(4, 10), norm=1.0), Curve(losses=[])
    plain = ParityRecord(
        key="",
        created_ns=0,
        framework="torch",
        versions={},
        device="cpu",
        settings=make_settings(),
        workload_sha256="",
        weights_sha256="",
        samples_sha256="",
        batches_sha256="",
        batch_size=4,
        classes=10,
        output_shape=(10,),
        layers=[],
        parameters=[],
        outputs=array,
        single_outputs=array,
        double=curve,
        single_loss=2.0,
        matched=curve,
        reference=curve,
        audit=[],
    )
    (tmp_path / "record.json").write_bytes(msgspec.json.encode(plain))

    def side(act: str = "", **changes: Any) -> Side:
        script = tmp_path / "script.py"
        names = {"calls": str(tmp_path / "calls"), "record": str(tmp_path / "record.json")}
        script.write_text(SCRIPT.format(act=act, **names))
        program = tmp_path / "python"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$@"\n')
        program.chmod(0o755)
        settings = make_settings(**changes)
        return Side(0, frameworks()["torch"], str(program), settings, [], {"torch": "2"})

    return side


def test_a_probe_is_made_once_and_put_into_each_run(
    make_side: MakeSide, make_record: Callable[..., RunRecord], tmp_path: Path, cache_folder: Path
) -> None:
    data, side = make_record().data, make_side()
    assert to_make([side, side], data) == 1
    made = make(side, request(side, data), Progress())
    assert made.parent == cache_folder
    assert sorted(os.listdir(made)) == [PARITY, PARITY_ARRAYS]
    assert os.listdir(cache_folder) == [made.name]
    compiled = make_side(execution="compile", steps=5, mode="infer", loader="pipeline")
    assert make(compiled, request(compiled, data), Progress()) == made
    assert to_make([side, compiled], data) == 0
    assert (tmp_path / "calls").read_text() == "x"
    attach(made, tmp_path)
    for name in (PARITY, PARITY_ARRAYS):
        assert os.path.samefile(tmp_path / name, made / name)


def test_the_key_follows_what_the_arithmetic_depends_on(
    make_side: MakeSide,
    make_record: Callable[..., RunRecord],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    data = make_record().data

    def key(side: Side, **changes: Any) -> str:
        return request(side, msgspec.structs.replace(data, **changes)).key

    plain = key(make_side())
    workload = find_workload("mnist-mlp")
    runs = []
    for seed in (1, 2):
        (run := tmp_path / str(seed)).mkdir()
        save(run / rundir.WEIGHTS, initial_weights(workload, seed))
        runs.append(key(make_side(weights_from=str(run))))
    others = [
        *runs,
        key(make_side(), sha256="cd"),
        key(replace(make_side(), versions={"torch": "3"})),
        key(make_side(batch_size=16)),
        key(make_side(optimizer="sgd")),
        key(make_side(optimizer_parity="matched")),
        key(make_side(precision="bf16")),
        key(make_side(threads=2)),
        key(make_side(seed=1)),
        key(make_side(device="cuda:0")),
    ]
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    others.append(key(make_side()))
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE")
    assert len({plain, *others}) == len(others) + 1
    assert key(make_side(execution="compile", steps=7, warmup=1)) == plain


@pytest.mark.parametrize(
    ("act", "words"),
    [("fail", "it broke."), ("die", r"killed \(signal 6\) in the probe"), ("hang", "after 0.5 s")],
)
def test_a_probe_that_fails_says_why_and_leaves_nothing(
    make_side: MakeSide,
    make_record: Callable[..., RunRecord],
    cache_folder: Path,
    act: str,
    words: str,
) -> None:
    side = make_side(act, timeout_seconds=0.5 if act == "hang" else None)
    asked = request(side, make_record().data)
    with pytest.raises(ProbeFailedError, match=words) as raised:
        make(side, asked, Progress())
    assert "| a word in the log" in str(raised.value)
    assert os.listdir(cache_folder) == []
    assert find(asked) is None


def test_ctrl_c_ends_the_process_and_leaves_nothing(
    make_side: MakeSide, make_record: Callable[..., RunRecord], cache_folder: Path, tmp_path: Path
) -> None:
    class Impatient(Progress):
        def tick(self) -> None:
            if (tmp_path / "calls").exists():
                raise KeyboardInterrupt

    side = make_side("hang")
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        make(side, request(side, make_record().data), Impatient())
    assert time.monotonic() - began < 30
    assert os.listdir(cache_folder) == []


def test_the_oldest_probes_make_room_and_damaged_ones_are_made_again(
    make_side: MakeSide,
    make_record: Callable[..., RunRecord],
    cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "KEPT", 2)
    data, made = make_record().data, []
    for seed in range(3):
        side = make_side(seed=seed)
        made.append(make(side, request(side, data), Progress()))
        os.utime(made[-1], (seed, seed))
    assert {path.name for path in made[1:]} == set(os.listdir(cache_folder))
    (made[2] / PARITY).write_text("{")
    side = make_side(seed=2)
    assert find(request(side, data)) is None
    assert make(side, request(side, data), Progress()) == made[2]
    assert find(request(side, data)) == made[2]


def test_a_cache_that_can_not_be_written_is_a_failed_probe(
    make_side: MakeSide, make_record: Callable[..., RunRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSPROF_CACHE", "/dev/null/x")
    side = make_side()
    with pytest.raises(ProbeFailedError, match="CROSSPROF_CACHE"):
        make(side, request(side, make_record().data), Progress())
