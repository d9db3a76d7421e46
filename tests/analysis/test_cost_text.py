from typing import Any

import msgspec
import pytest

from analysis import cost_text, measured
from analysis.measured import Measured
from profilers import rundir
from profilers.records import Phase, Result

GPU_SAMPLES = (
    "time_ns,gpu0_utilization_ratio,gpu0_memory_used_bytes,gpu0_process_memory_bytes,"
    "gpu0_power_watts,gpu0_energy_joules",
    "500,0.5,1288490189,,100,0",
    "1500,0.5,1,943718400,100,100",
    "2500,0.5,1,,100,200",
    "3500,0.5,1,1,100,300",
)


NO_RAPL = "no RAPL (--doctor)"


def gpu_run(make_run: Any, lines: tuple[str, ...], **others: Any) -> Measured:
    values: dict[str, Any] = {
        "settings": msgspec.structs.replace(make_run.settings, device="cuda:0"),
        "samples": make_run.densely(lines),
        "resources": make_run.resources_record(
            gpus=[{"index": 0, "uuid": "GPU-aa"}],
            capabilities={"gpu0_memory_used_bytes": "no right", "gpu0_power_watts": "none here"},
        ),
        "machine": make_run.environment("GPU-aa", "A GPU"),
    }
    return measured.read(make_run(**values | others))


def cost_of_gpu(make_run: Any, lines: tuple[str, ...] = GPU_SAMPLES, **others: Any) -> list[str]:
    return list(cost_text.sentences(gpu_run(make_run, lines, **others)))


def test_a_cpu_run(make_run: Any) -> None:
    assert list(cost_text.sentences(measured.read(make_run()))) == [
        "CPU 1.62 cores of 4 usable · RSS peak 0.00858 MiB · threads 4",
        "GPU, power and energy: not measured, no NVIDIA driver on this machine; no RAPL (--doctor)",
    ]


def test_a_cpu_run_on_a_machine_with_a_gpu(make_run: Any) -> None:
    told = make_run.resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}])
    (*_, power) = cost_text.sentences(measured.read(make_run(resources=told)))
    assert power == "GPU, power and energy: not measured, as the run was on the CPU; " + NO_RAPL


@pytest.mark.parametrize(
    ("flops", "per_second", "words"),
    [
        (1.045e11, 2.5e10, "104 GFLOP/s in bf16 matrix products, 25.0 GB/s in copies"),
        (None, 2.5e10, "25.0 GB/s in copies"),
        (7e14, None, "700,000 GFLOP/s in bf16 matrix products"),
        (None, None, None),
    ],
)
def test_what_the_device_did_at_best(
    make_run: Any, flops: float | None, per_second: float | None, words: str | None
) -> None:
    peaks = {"peak_flops_per_second": flops, "peak_bytes_per_second": per_second}
    settings = msgspec.structs.replace(make_run.settings, precision="bf16")
    result = msgspec.structs.replace(make_run.result, **peaks)
    found = cost_text.sentences(measured.read(make_run(settings=settings, result=result)))
    told = [sentence for sentence in found if "peak" in sentence and "RSS" not in sentence]
    assert told == [f"measured peak {words}"] * bool(words)


def test_a_gpu_run_tells_whose_memory_and_how_energy_was_measured(make_run: Any) -> None:
    plain = rundir.read_json(make_run("other") / rundir.RESULT, Result)
    peaks = {"allocated_peak_bytes": 241 << 20, "reserved_peak_bytes": 300 << 20}
    result = msgspec.structs.replace(plain, framework_memory=peaks)
    _, gpu, power = cost_of_gpu(make_run, result=result)
    assert gpu == (
        "GPU 50.0 % of the time in use · VRAM peak 1.20 GiB of all processes, "
        "900 MiB of this run, 241 MiB allocated by the framework"
    )
    assert power == (
        "power 100 W · energy 200 J in the timed phase (counter, each 0.1 s), to test accuracy "
        "0.951; 40.0 J per step, 1,250 J per 1,000 samples; net of idle –, 0.5 s before the run "
        "were sampled, it takes 1 s or more"
    )


def test_what_the_driver_does_not_tell_has_its_reason(make_run: Any) -> None:
    lines = ("time_ns,gpu0_utilization_ratio,gpu0_memory_used_bytes", "500,0.5,", "3500,0.5,")
    _, gpu, power = cost_of_gpu(make_run, lines)
    assert gpu == "GPU 50.0 % of the time in use · VRAM: no right"
    assert power == "power and energy: none here"


def test_the_frameworks_own_count_stands_without_the_drivers(make_run: Any) -> None:
    plain = rundir.read_json(make_run("other") / rundir.RESULT, Result)
    result = msgspec.structs.replace(plain, framework_memory={"allocated_peak_bytes": 5 << 20})
    _, gpu = cost_of_gpu(make_run, make_run.host_samples, result=result, machine=None)
    assert gpu == (
        "GPU, power and energy: not measured, not used by this run · "
        "VRAM peak 5.00 MiB allocated by the framework"
    )


@pytest.mark.parametrize("samples", [None, ("time_ns,process_threads",)])
def test_few_or_no_samples(make_run: Any, samples: Any) -> None:
    first, *_ = cost_text.sentences(measured.read(make_run(samples=samples)))
    expected = "not recorded" if samples is None else "CPU: fewer than 2 samples"
    assert first.startswith(expected)


def test_only_reasons_are_given_for_what_is_missing(make_run: Any) -> None:
    assert list(cost_text.missing(measured.read(make_run("a")))) == [
        "GPU, power and energy: not measured, no NVIDIA driver on this machine; no RAPL (--doctor)",
    ]
    assert list(cost_text.missing(measured.read(make_run("b", samples=None)))) == [
        "not recorded: the run has no samples of CPU, memory and GPU"
    ]
    [first, *_] = cost_text.missing(
        measured.read(make_run("c", samples=("time_ns,process_threads",)))
    )
    assert first == "CPU: fewer than 2 samples in the phase"


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("", None),
        ("gpu0_process_memory_bytes", "VRAM of the run: not recorded"),
        ("gpu0_utilization_ratio", "GPU use: not recorded"),
        ("gpu0_memory_used_bytes", "VRAM: no right"),
        ("gpu0_power_watts", "power: none here"),
    ],
)
def test_reasons_beside_a_gpu(make_run: Any, missing: str, reason: str | None) -> None:
    header, *rows = (line.split(",") for line in GPU_SAMPLES)
    kept = [place for place, name in enumerate(header) if name != missing]
    lines = [",".join(row[place] for place in kept) for row in (header, *rows)]
    run = gpu_run(make_run, tuple(lines))
    found = [text for text in cost_text.missing(run) if not text.startswith("CPU")]
    assert found == ([] if reason is None else [reason])


def test_one_reason_for_power_and_energy(make_run: Any) -> None:
    lines = ("time_ns,gpu0_utilization_ratio,gpu0_memory_used_bytes", "500,0.5,5", "3500,0.5,5")
    assert list(cost_text.missing(gpu_run(make_run, lines)))[1:] == [
        "power and energy: none here",
        "VRAM of the run: not recorded",
    ]


def test_what_a_lost_gpu_leaves_is_one_line(make_run: Any) -> None:
    lines = (GPU_SAMPLES[0], *GPU_SAMPLES[1:3], "2500,,,,,", "3500,,,,,")
    record = make_run.resources_record(
        gpus=[{"index": 0, "uuid": "GPU-aa"}], capabilities={"gpu0": "lost"}
    )
    (*_, gpu) = cost_of_gpu(make_run, lines, resources=record)
    assert gpu == (
        "GPU use, power and energy: lost · VRAM peak 1.20 GiB of all processes, 900 MiB of this run"
    )
    (*_, traced) = cost_text.sentences(gpu_run(make_run, lines, resources=record, run_id="b"), 0.4)
    assert "lost · GPU in use 40.0 % of the profiled steps by the trace · VRAM" in traced


def test_memory_of_the_run_that_the_driver_does_not_tell_has_its_reason(make_run: Any) -> None:
    header, *rows = (line.split(",") for line in GPU_SAMPLES)
    place = header.index("gpu0_process_memory_bytes")
    lines = [",".join((*row[:place], *row[place + 1 :])) for row in (header, *rows)]
    _, gpu, _ = cost_of_gpu(make_run, tuple(lines))
    assert gpu.endswith("VRAM peak 1.20 GiB of all processes; of this run not known, not recorded")


def test_energy_above_idle_and_the_kind_of_power(make_run: Any) -> None:
    lines = (
        "time_ns,gpu0_power_watts,gpu0_energy_joules",
        "0,60,0",
        "1500,60,90",
        "1600,100,100",
        "14600,100,1400",
    )
    record = make_run.resources_record(
        gpus=[{"index": 0, "uuid": "GPU-aa", "power_kind": "average-1s"}]
    )
    start_ns = make_run.start_ns
    phases = [
        Phase("import", start_ns + 1_500_000_000, 500_000_000),
        Phase("timed", start_ns + 2_000_000_000, 12_000_000_000),
    ]
    *_, told = cost_text.sentences(gpu_run(make_run, lines, resources=record, phases=phases))
    assert told == (
        "power 100 W (means of 1 s) · energy 1,200 J in the timed phase (counter, each 0.1 s), "
        "to test accuracy 0.951; 240 J per step, 7,500 J per 1,000 samples; "
        "480 J of it above the idle 60.0 W"
    )


def test_processor_packages_stand_in_for_a_gpu_that_is_not_there(make_run: Any) -> None:
    lines = (
        "time_ns,cpu_package0_energy_joules,cpu_package0_core_energy_joules",
        "0,0,0",
        "4000,80,60",
    )
    record = make_run.resources_record(capabilities={"gpu": "no driver", "rapl": "available"})
    run = measured.read(make_run(samples=make_run.densely(lines), resources=record))
    *_, told = cost_text.sentences(run)
    assert told == (
        "processor packages, with all processes of the machine: 40.0 J in the timed phase (RAPL); "
        "8.00 J per step, 250 J per 1,000 samples; 0.00 J of it above the idle 20.0 W"
    )
    assert not any("power" in text for text in cost_text.missing(run))


@pytest.mark.parametrize(
    ("rapl", "told"),
    [
        ("readable by root only", "no driver; readable by root only"),
        ("no RAPL here: none", "no driver; no RAPL (--doctor)"),
    ],
)
def test_what_can_be_done_about_rapl_is_told(make_run: Any, rapl: str, told: str) -> None:
    record = make_run.resources_record(capabilities={"gpu": "no driver", "rapl": rapl})
    *_, text = cost_text.sentences(measured.read(make_run(resources=record)))
    assert text == f"GPU, power and energy: not measured, {told}"


def test_the_share_by_the_trace_stands_beside_the_drivers(make_run: Any) -> None:
    _, gpu, _ = cost_text.sentences(gpu_run(make_run, GPU_SAMPLES), 0.4)
    assert gpu.startswith(
        "GPU 50.0 % of the time in use, 40.0 % of the profiled steps by the trace · VRAM peak"
    )


@pytest.mark.parametrize(
    ("of_gpu", "scope"),
    [
        ({}, ""),
        ({"mig_uuid": "MIG-1"}, ", of the whole GPU, not of the MIG instance alone"),
        ({"power_scope": "module"}, ", of the whole module with its processor"),
    ],
)
def test_how_power_and_energy_were_found(make_run: Any, of_gpu: dict[str, str], scope: str) -> None:
    gpu = {"index": 0, "uuid": "GPU-aa", "power_kind": "instant", **of_gpu}
    run = gpu_run(make_run, GPU_SAMPLES, resources=make_run.resources_record(gpus=[gpu]))
    assert list(cost_text.methods(run)) == [
        f"GPU power instant, energy by counter, each 0.1 s{scope}"
    ]
    assert list(cost_text.methods(measured.read(make_run("plain")))) == []
