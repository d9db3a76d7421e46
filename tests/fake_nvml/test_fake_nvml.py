"""The fake library is driven by the real pynvml, in a process of its own for each script."""

import json
import subprocess
import sys
import time

import pytest

from tests.fake_nvml import library
from tests.fake_nvml.script import (
    DRIVER_NOT_LOADED,
    GIB,
    GPU_IS_LOST,
    NOT_SUPPORTED,
    Constant,
    Counter,
    Fault,
    Gpu,
    Holder,
    Ramp,
    Script,
    Square,
)

BEGIN = """
import json, sys, time
import pynvml as n
n.nvmlInit()
gpus = [n.nvmlDeviceGetHandleByIndex(i) for i in range(n.nvmlDeviceGetCount())]
def code(call, *arguments):
    try:
        call(*arguments)
    except n.NVMLError as error:
        return error.value
    return 0
"""


@pytest.fixture
def ask(nvml_library, tmp_path):
    """What lines of Python print, as JSON, in which `n` is pynvml and `gpus` are handles."""

    def run(script, *lines):
        environment = library.variables(nvml_library, script, tmp_path)
        done = subprocess.run(
            [sys.executable, "-c", BEGIN + "\n".join(lines)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_what_a_gpu_is_and_gives(ask):
    script = Script(holders=[Holder(1, 77, 3 * GIB), Holder(1, 78, None)])
    found = ask(
        script,
        "g = gpus[1]",
        "memory = n.nvmlDeviceGetMemoryInfo(g, version=n.nvmlMemory_v2)",
        "processes = n.nvmlDeviceGetComputeRunningProcesses(g)",
        "print(json.dumps([len(gpus), n.nvmlSystemGetDriverVersion(), n.nvmlDeviceGetName(g),",
        "    n.nvmlDeviceGetIndex(n.nvmlDeviceGetHandleByUUID(n.nvmlDeviceGetUUID(g))),",
        "    n.nvmlDeviceGetUtilizationRates(g).gpu, memory.used, memory.reserved,",
        "    n.nvmlDeviceGetMemoryInfo(g).used, n.nvmlDeviceGetEnforcedPowerLimit(g),",
        "    n.nvmlDeviceGetTemperatureV(g, 0), n.nvmlDeviceGetClockInfo(g, n.NVML_CLOCK_SM),",
        "    n.nvmlDeviceGetClockInfo(g, n.NVML_CLOCK_MEM), n.nvmlDeviceGetPcieThroughput(g, 0),",
        "    [[p.pid, p.usedGpuMemory] for p in processes],",
        "    n.nvmlDeviceGetComputeRunningProcesses(gpus[0])]))",
    )
    assert found[:4] == [2, "580.65.06", "NVIDIA Test", 1]
    assert found[4:8] == [25, 4 * GIB, GIB // 2, 4 * GIB + GIB // 2]
    assert found[8:13] == [350_000, 61, 1980, 2619, 2000]
    assert found[13:] == [[[77, 3 * GIB], [78, None]], []]


def test_a_figure_without_a_signal_is_not_supported(ask):
    gpu = Gpu("GPU-1")
    del gpu.signals["energy"], gpu.signals["power"]
    found = ask(
        Script([gpu]),
        "field = n.nvmlDeviceGetFieldValues(gpus[0], [186])[0]",
        "print(json.dumps([code(n.nvmlDeviceGetTotalEnergyConsumption, gpus[0]),",
        "    code(n.nvmlDeviceGetPowerUsage, gpus[0]), field.nvmlReturn,",
        "    code(n.nvmlDeviceGetUtilizationRates, gpus[0])]))",
    )
    assert found == [NOT_SUPPORTED, NOT_SUPPORTED, NOT_SUPPORTED, 0]


def test_faults_of_a_function_and_of_a_field(ask):
    faults = [
        Fault("nvmlDeviceGetUtilizationRates", NOT_SUPPORTED, gpu=0),
        Fault("field:186", NOT_SUPPORTED),
        Fault("nvmlDeviceGetMigMode", NOT_SUPPORTED, begin_s=-2, end_s=-1),
    ]
    found = ask(
        Script(faults=faults),
        "fields = n.nvmlDeviceGetFieldValues(gpus[0], [186, 185])",
        "print(json.dumps([[code(n.nvmlDeviceGetUtilizationRates, g) for g in gpus],",
        "    [code(n.nvmlDeviceGetMigMode, g) for g in gpus], [f.nvmlReturn for f in fields]]))",
    )
    assert found == [[NOT_SUPPORTED, 0], [0, 0], [NOT_SUPPORTED, 0]]


def test_a_gpu_that_is_lost_at_its_time(ask):
    script = Script()
    script.faults = [Fault("*", GPU_IS_LOST, gpu=1, begin_s=script.now_s() + 2)]
    before_ns, after_ns, other = ask(
        script,
        "before = time.monotonic_ns()",
        "while code(n.nvmlDeviceGetName, gpus[1]) != n.NVML_ERROR_GPU_IS_LOST:",
        "    before = time.monotonic_ns()",
        "    time.sleep(0.01)",
        "print(json.dumps([before, time.monotonic_ns(), code(n.nvmlDeviceGetName, gpus[0])]))",
    )
    assert script.seconds(before_ns) < script.faults[0].begin_s <= script.seconds(after_ns)
    assert other == 0


def test_a_driver_that_is_not_loaded(nvml_library, tmp_path):
    script = Script(faults=[Fault("nvmlInitWithFlags", DRIVER_NOT_LOADED)])
    assert _init_fails(library.variables(nvml_library, script, tmp_path)) == "DriverNotLoaded"
    assert _init_fails(library.variables_without(tmp_path)) == "LibraryNotFound"


def _init_fails(environment):
    code = "import pynvml as n\ntry: n.nvmlInit()\nexcept n.NVMLError as e: print(type(e).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip().removeprefix("NVMLError_")


def test_a_line_that_is_not_understood_is_told(nvml_library, tmp_path):
    script = Script()
    environment = library.variables(nvml_library, script, tmp_path)
    (tmp_path / "nvml.script").write_text(script.text() + "sawtooth 0 power 0 1\n")
    done = subprocess.run(
        [sys.executable, "-c", BEGIN], env=environment, capture_output=True, text=True, check=False
    )
    assert "does not understand: sawtooth 0 power 0 1" in done.stderr
    assert done.returncode != 0


@pytest.mark.parametrize(
    "power",
    [
        Constant(250_000),
        Ramp(100_000, 400_000, 10.0, 11.0),
        Square(50_000, 450_000, 0.13, 0.04),
    ],
)
def test_the_counter_is_the_integral_of_the_power(ask, power):
    gpu = Gpu("GPU-1")
    gpu.signals |= {"power": power, "energy": Counter()}
    script = Script([gpu], origin_ns=time.monotonic_ns() - 10 * 10**9)
    rows = ask(
        script,
        "rows = []",
        "for _ in range(20):",
        "    before = time.monotonic_ns()",
        "    energy = n.nvmlDeviceGetTotalEnergyConsumption(gpus[0])",
        "    power = n.nvmlDeviceGetFieldValues(gpus[0], [186])[0].value.uiVal",
        "    rows.append([before, energy, power, time.monotonic_ns()])",
        "    time.sleep(0.05)",
        "print(json.dumps(rows))",
    )
    for before_ns, energy_mj, power_mw, after_ns in rows:
        least, most = (script.joules(0, 0, script.seconds(ns)) for ns in (before_ns, after_ns))
        assert least - 0.002 <= energy_mj / 1000 - 5_000 <= most + 0.002
        assert 50_000 <= power_mw <= 450_000
    assert rows[-1][1] > rows[0][1]


def test_mean_power_and_a_sensor_that_holds_its_value(ask):
    gpu = Gpu("GPU-1")
    gpu.signals["power"] = Square(100_000, 300_000, 0.5, 0.25, hold_s=1000)
    script = Script([gpu], origin_ns=time.monotonic_ns() - 1500 * 10**9)
    found = ask(
        script,
        "fields = n.nvmlDeviceGetFieldValues(gpus[0], [186, 185])",
        "print(json.dumps([n.nvmlDeviceGetPowerUsage(gpus[0]), *[f.value.uiVal for f in fields]]))",
    )
    assert found == [200_000, 300_000, 200_000]
    gpu.signals |= {"architecture": Constant(7), "capability_major": Constant(8)}
    assert ask(script, "print(n.nvmlDeviceGetPowerUsage(gpus[0]))") == 300_000


def test_power_of_a_module_is_another_scope(ask):
    gpu = Gpu("GPU-1")
    gpu.signals["module_power"] = Constant(700_000)
    found = ask(
        Script([gpu, Gpu("GPU-2")]),
        "fields = [n.nvmlDeviceGetFieldValues(g, [(186, 1), (186, 2)]) for g in gpus]",
        "print(json.dumps([[[f.nvmlReturn, f.value.uiVal] for f in each] for each in fields]))",
    )
    assert found[0][0] == [0, 700_000]
    assert [found[0][1][0], found[1][0][0]] == [NOT_SUPPORTED, NOT_SUPPORTED]


def test_mig_instances(ask):
    gpu = Gpu("GPU-1", instances=("MIG-a", "MIG-b"))
    gpu.signals["mig"] = Constant(1)
    found = ask(
        Script([gpu, Gpu("GPU-2")]),
        "count = n.nvmlDeviceGetMaxMigDeviceCount(gpus[0])",
        "instances = [n.nvmlDeviceGetMigDeviceHandleByIndex(gpus[0], i) for i in range(count)]",
        "parent = n.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(instances[1])",
        "print(json.dumps([len(gpus), n.nvmlDeviceGetMigMode(gpus[0]),",
        "    [n.nvmlDeviceGetUUID(i) for i in instances], n.nvmlDeviceGetUUID(parent),",
        "    n.nvmlDeviceGetMaxMigDeviceCount(gpus[1]),",
        "    code(n.nvmlDeviceGetUtilizationRates, instances[0])]))",
    )
    assert found == [2, [1, 1], ["MIG-a", "MIG-b"], "GPU-1", 0, NOT_SUPPORTED]
