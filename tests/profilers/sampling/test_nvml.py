from types import SimpleNamespace

import pynvml
import pytest

from profilers.sampling import nvml
from profilers.sampling.nvml import NvmlSource
from tests.fake_nvml.double import PID, FakeNvml

SECOND_NS = 1_000_000_000


def source_of(library, pids=(PID,), **environment):
    return NvmlSource(SimpleNamespace(pids=frozenset(pids)), library, environment)


def row(source, now_ns=SECOND_NS):
    return dict(zip(source.columns, source.read(now_ns), strict=True))


def test_all_figures_of_two_gpus_in_order_and_units():
    source = source_of(FakeNvml(2))
    assert list(source.columns.items())[:14] == [
        ("gpu0_utilization_ratio", "ratio"),
        ("gpu0_memory_used_bytes", "bytes"),
        ("gpu0_process_memory_bytes", "bytes"),
        ("gpu0_power_watts", "watts"),
        ("gpu0_energy_joules", "joules"),
        ("gpu0_other_processes", "count"),
        ("gpu0_throttle_bits", "bits"),
        ("gpu0_sm_clock_hz", "hertz"),
        ("gpu0_temperature_celsius", "celsius"),
        ("gpu0_memory_reserved_bytes", "bytes"),
        ("gpu0_power_average_watts", "watts"),
        ("gpu0_memory_clock_hz", "hertz"),
        ("gpu0_pcie_received_bytes_per_second", "bytes per second"),
        ("gpu0_pcie_sent_bytes_per_second", "bytes per second"),
    ]
    assert source.counters == ["gpu0_energy_joules", "gpu1_energy_joules"]
    slow = [0, 0x20, 1_980_000_000, 61, 500]
    first = [0.25, 1000, 700, 100.0, 5.5, *slow, 101.0, 2_600_000_000, 30_000, None]
    second = [0.25, 1000, 700, 200.0, 5.5, *slow, 201.0, 2_600_000_000, None, None]
    assert source.read(SECOND_NS) == first + second
    assert source.notices == []
    assert source.capabilities == {"gpu": "available"}
    assert source.gpus == [
        {
            "index": i,
            "uuid": f"GPU-{i}",
            "name": "NVIDIA Test",
            "power_kind": "instant",
            "power_scope": "gpu",
            "cuda_ordinal": i,
            "mig_uuid": None,
        }
        for i in (0, 1)
    ]


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [(pynvml.NVML_DEVICE_ARCH_HOPPER, "average-1s"), (pynvml.NVML_DEVICE_ARCH_VOLTA, "instant")],
)
def test_power_falls_back_when_the_field_itself_fails(architecture, kind):
    library = FakeNvml()
    library.power_field_return = pynvml.NVML_ERROR_NOT_SUPPORTED
    library.architecture = architecture
    source = source_of(library)
    cells = row(source)
    assert cells["gpu0_power_watts"] == 90.0
    assert cells["gpu0_power_average_watts"] == (90.0 if kind == "average-1s" else None)
    assert source.gpus[0]["power_kind"] == kind
    source.capabilities.pop("gpu0_power_average_watts", None)
    assert source.capabilities == {"gpu": "available"}


def test_the_one_chip_of_its_generation_whose_power_is_instant():
    library = FakeNvml()
    library.power_field_return = pynvml.NVML_ERROR_NOT_SUPPORTED
    library.architecture, library.capability = pynvml.NVML_DEVICE_ARCH_AMPERE, (8, 0)
    assert source_of(library).gpus[0]["power_kind"] == "instant"


def test_power_of_a_module_is_told_as_such():
    library = FakeNvml()
    library.power_scope, library.name = pynvml.NVML_POWER_SCOPE_MODULE, "NVIDIA GH200 480GB"
    source = source_of(library)
    assert row(source)["gpu0_power_watts"] == pytest.approx(100.001)
    assert source.gpus[0]["power_scope"] == "module"
    assert source.notices == [
        "GPU 0 (NVIDIA GH200 480GB): power is that of the whole module, the processor's included."
    ]


def test_power_that_neither_call_gives():
    library = FakeNvml()
    library.errors = {
        ("fields", None): pynvml.NVML_ERROR_FUNCTION_NOT_FOUND,
        ("power", None): pynvml.NVML_ERROR_NOT_SUPPORTED,
    }
    source = source_of(library)
    assert row(source)["gpu0_power_watts"] is None
    assert source.gpus[0]["power_kind"] is None
    assert source.capabilities["gpu0_power_watts"] == "not supported"


def test_architecture_that_is_not_known_counts_as_new():
    library = FakeNvml()
    library.errors = {
        ("fields", None): pynvml.NVML_ERROR_NOT_SUPPORTED,
        ("architecture", None): pynvml.NVML_ERROR_FUNCTION_NOT_FOUND,
    }
    assert source_of(library).gpus[0]["power_kind"] == "average-1s"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (pynvml.NVML_ERROR_NOT_SUPPORTED, "not supported"),
        (pynvml.NVML_ERROR_FUNCTION_NOT_FOUND, "not supported"),
        (pynvml.NVML_ERROR_NO_PERMISSION, "not permitted to this user"),
    ],
)
def test_figure_that_is_not_given_is_empty_and_not_asked_again(code, reason):
    library = FakeNvml()
    library.errors["energy", 0] = code
    source = source_of(library)
    asked = library.calls["energy"]
    assert row(source)["gpu0_energy_joules"] is None
    assert row(source, 2 * SECOND_NS)["gpu0_utilization_ratio"] == 0.25
    assert library.calls["energy"] == asked
    assert source.capabilities["gpu0_energy_joules"] == reason


def test_numbers_that_stand_for_none_are_empty_cells():
    library = FakeNvml()
    source = source_of(library)
    library.value = lambda wide: 2**64 - 1 if wide else 2**32 - 1
    cells = row(source)
    known = {name: value for name, value in cells.items() if value is not None}
    assert known == {"gpu0_process_memory_bytes": 700, "gpu0_other_processes": 0}
    asked = set(cells) - set(known) - {"gpu0_pcie_sent_bytes_per_second"}
    told = {name: source.capabilities.pop(name) for name in asked}
    assert set(told.values()) == {"the driver gives no value"}
    library.value = None
    assert row(source, 2 * SECOND_NS)["gpu0_power_watts"] == 100.0
    assert "gpu0_power_watts" not in source.capabilities


def test_power_that_is_not_told_at_first_has_its_kind_all_the_same():
    library = FakeNvml()
    library.errors = {(name, None): pynvml.NVML_ERROR_UNKNOWN for name in ("fields", "power")}
    source = source_of(library)
    library.errors.clear()
    assert row(source)["gpu0_power_watts"] == 100.0
    assert source.gpus[0]["power_kind"] == "instant"


def test_passing_error_empties_one_cell():
    library = FakeNvml()
    source = source_of(library)
    library.errors["utilization", 0] = pynvml.NVML_ERROR_UNKNOWN
    first = row(source)
    library.errors.clear()
    assert first["gpu0_utilization_ratio"] is None
    assert first["gpu0_memory_used_bytes"] == 1000
    assert row(source, 2 * SECOND_NS)["gpu0_utilization_ratio"] == 0.25
    assert "Unknown Error" in source.capabilities["gpu0_utilization_ratio"]


def test_lost_gpu_stays_empty_and_the_other_goes_on():
    library = FakeNvml(2)
    source = source_of(library)
    library.errors["memory", 0] = pynvml.NVML_ERROR_GPU_IS_LOST
    row(source)
    library.errors.clear()
    calls = library.calls["utilization"]
    after = row(source, 2 * SECOND_NS)
    assert {value for name, value in after.items() if name.startswith("gpu0")} == {None}
    others = {name: value for name, value in after.items() if name.startswith("gpu1")}
    assert [name for name, value in others.items() if value is None] == [
        "gpu1_pcie_received_bytes_per_second",
        "gpu1_pcie_sent_bytes_per_second",
    ]
    [notice] = source.notices
    assert notice.startswith("GPU 0 (NVIDIA Test) was lost: ")
    assert library.calls["utilization"] == calls + 1
    assert source.capabilities["gpu0"].startswith("the GPU was lost")
    assert "gpu1" not in source.capabilities


def test_gpu_that_can_not_be_opened_keeps_its_columns():
    library = FakeNvml(2)
    library.errors["handle", 0] = pynvml.NVML_ERROR_NO_PERMISSION
    source = source_of(library)
    values = row(source)
    assert values["gpu0_power_watts"] is None
    assert values["gpu1_power_watts"] == 200.0
    assert source.capabilities["gpu0"] == "not permitted to this user"
    known = {name: value for name, value in source.gpus[0].items() if value is not None}
    assert known == {"index": 0, "cuda_ordinal": 0}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, "no NVIDIA driver on this machine"),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "NVIDIA's driver is installed, but not loaded"),
        (pynvml.NVML_ERROR_UNKNOWN, "NVIDIA's driver does not answer (Unknown Error)"),
    ],
)
def test_no_driver(code, told):
    library = FakeNvml()
    library.errors["init", None] = code
    library.errors["shutdown", None] = pynvml.NVML_ERROR_UNINITIALIZED
    source = source_of(library)
    assert source.columns == {}
    assert source.read(SECOND_NS) == []
    assert source.capabilities == {"gpu": told}
    source.close()


def test_a_driver_that_is_slow_to_answer_is_asked_less_often(monkeypatch):
    library = FakeNvml()
    source = source_of(library)
    clock_ns = [SECOND_NS]

    def slow(*_):
        clock_ns[0] += SECOND_NS // 10
        return 90_000

    library.nvmlDeviceGetTotalEnergyConsumption = slow
    monkeypatch.setattr(nvml.time, "monotonic_ns", lambda: clock_ns[0])
    assert row(source)["gpu0_energy_joules"] == 90
    assert source.notices == []
    for tenths, known in ((11, False), (12, False), (13, True)):
        cells = row(source, tenths * SECOND_NS // 10)
        assert (cells["gpu0_energy_joules"] is not None) == known
        assert (cells["gpu0_utilization_ratio"] is not None) == known
    library.nvmlDeviceGetUtilizationRates = lambda _: SimpleNamespace(gpu=slow() and 5)
    assert row(source, 2 * SECOND_NS)["gpu0_utilization_ratio"] == 0.05
    row(source, 9 * SECOND_NS)
    assert source.notices == ["NVIDIA's driver took 0.2 s to answer: GPUs are sampled less often."]


def test_no_gpu():
    source = source_of(FakeNvml(0))
    assert source.read(SECOND_NS) == []
    assert source.capabilities == {"gpu": "no NVIDIA GPU in this machine"}


def test_an_older_driver_has_the_same_figures_under_older_names():
    library = FakeNvml()
    for name in ("event-reasons", "temperature-v"):
        library.errors[name, None] = pynvml.NVML_ERROR_FUNCTION_NOT_FOUND
    source = source_of(library)
    cells = row(source)
    assert cells["gpu0_throttle_bits"] == 8
    assert cells["gpu0_temperature_celsius"] == 62
    assert source.capabilities == {"gpu": "available"}


def test_clocks_that_the_driver_does_not_tell_are_not_supported():
    library = FakeNvml()
    for name in ("event-reasons", "throttle-reasons", "clock"):
        library.errors[name, None] = pynvml.NVML_ERROR_FUNCTION_NOT_FOUND
    source = source_of(library)
    cells = row(source)
    for name in ("gpu0_throttle_bits", "gpu0_sm_clock_hz"):
        assert cells[name] is None
        assert source.capabilities[name] == "not supported"
    assert cells["gpu0_temperature_celsius"] == 61


def test_other_processes_are_counted_where_the_own_one_is_listed():
    library = FakeNvml()
    source = source_of(library)
    library.processes += [SimpleNamespace(pid=pid, usedGpuMemory=9) for pid in (7, 8, 8)]
    assert row(source)["gpu0_other_processes"] == 2
    library.processes = library.processes[1:]
    assert row(source, 2 * SECOND_NS)["gpu0_other_processes"] is None


@pytest.mark.parametrize(
    ("known", "told", "others"),
    [
        ([(1, 5)], "does not list the measured process", None),
        ([], "does not list the measured process", None),
        ([(PID, None), (7, None)], "does not tell how much memory a process holds", 1),
    ],
)
def test_process_memory_that_the_driver_does_not_tell(known, told, others):
    library = FakeNvml()
    library.processes = [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in known]
    source = source_of(library)
    cells = row(source)
    assert cells["gpu0_process_memory_bytes"] is None
    assert cells["gpu0_other_processes"] == others
    assert told in source.capabilities["gpu0_process_memory_bytes"]
    library.processes = [SimpleNamespace(pid=PID, usedGpuMemory=8)] * 2
    assert row(source, 2 * SECOND_NS)["gpu0_process_memory_bytes"] == 16
    assert source.capabilities == {"gpu": "available"}


def test_no_process_list_before_there_is_a_child():
    library = FakeNvml()
    assert row(source_of(library, pids=()))["gpu0_process_memory_bytes"] is None
    assert library.calls["processes"] == 0


def test_the_driver_is_asked_no_more_often_than_its_figures_change():
    library = FakeNvml()
    source = source_of(library)
    before = library.calls.copy()
    rows = [row(source, SECOND_NS + slot * SECOND_NS // 50) for slot in range(150)]
    asked = library.calls["utilization"] - before["utilization"]
    assert asked in (30, 31)
    for name in ("processes", "event-reasons", "temperature-v"):
        assert library.calls[name] - before[name] in (3, 4)
    assert library.calls["clock"] - before["clock"] in (6, 8)
    assert sum(cells["gpu0_energy_joules"] is not None for cells in rows) == asked


def test_each_direction_of_each_gpu_is_asked_in_turn():
    library = FakeNvml(2)
    source = source_of(library)
    before = library.calls["pcie"]
    rows = [row(source, SECOND_NS + slot * SECOND_NS // 10) for slot in range(200)]
    filled = [sum("pcie" in name and cells[name] is not None for name in cells) for cells in rows]
    assert max(filled) == 1
    assert library.calls["pcie"] - before == sum(filled)
    assert sum(filled) in (16, 17)
    for name in (name for name in source.columns if "pcie" in name):
        assert sum(cells[name] is not None for cells in rows) in (4, 5)


def test_memory_of_a_driver_that_does_not_part_what_it_reserves():
    library = FakeNvml()
    library.errors["memory", None] = pynvml.NVML_ERROR_FUNCTION_NOT_FOUND
    source = source_of(library)
    cells = row(source)
    assert (cells["gpu0_memory_used_bytes"], cells["gpu0_memory_reserved_bytes"]) == (1500, None)
    assert "part of memory_used" in source.capabilities["gpu0_memory_reserved_bytes"]


def test_functions_that_the_bindings_do_not_have_are_not_supported():
    class Old(FakeNvml):
        def __getattribute__(self, name):
            if name in ("nvmlDeviceGetTemperatureV", "nvmlDeviceGetPcieThroughput"):
                raise AttributeError(name)
            return super().__getattribute__(name)

        def __getattr__(self, name):
            if name in ("nvmlDeviceGetTemperatureV", "nvmlDeviceGetPcieThroughput"):
                raise AttributeError(name)
            return super().__getattr__(name)

    source = source_of(Old())
    cells = row(source)
    assert cells["gpu0_temperature_celsius"] == 62
    assert source.capabilities["gpu0_pcie_sent_bytes_per_second"] == "not supported"


@pytest.mark.parametrize(
    ("variable", "columns", "ordinals"),
    [("1", {"gpu1"}, [0]), ("2,0", {"gpu0", "gpu2"}, [1, 0]), ("GPU-1", {"gpu1"}, [0])],
)
def test_hidden_gpus_are_not_asked(variable, columns, ordinals):
    library = FakeNvml(3)
    source = source_of(library, CUDA_VISIBLE_DEVICES=variable)
    assert {name.partition("_")[0] for name in source.columns} == columns
    assert [gpu["cuda_ordinal"] for gpu in source.gpus] == ordinals
    assert library.calls["utilization"] == len(columns)


@pytest.mark.parametrize("variable", ["", "-1", "GPU-7", "9"])
def test_all_gpus_hidden(variable):
    source = source_of(FakeNvml(2), CUDA_VISIBLE_DEVICES=variable)
    assert source.columns == {}
    assert source.read(SECOND_NS) == []
    assert source.capabilities == {
        "gpu": f"CUDA_VISIBLE_DEVICES={variable} leaves none of 2 visible"
    }


@pytest.mark.parametrize("variable", [None, "0", "MIG-b"])
def test_a_part_of_a_gpu_is_named_as_such(variable):
    library = FakeNvml()
    library.instances = {0: ["MIG-a", "MIG-b"]}
    library.errors["utilization", None] = pynvml.NVML_ERROR_NOT_SUPPORTED
    hidden = {} if variable is None else {"CUDA_VISIBLE_DEVICES": variable}
    source = source_of(library, **hidden)
    uuid = "MIG-b" if variable == "MIG-b" else "MIG-a"
    cells = row(source)
    assert cells["gpu0_memory_used_bytes"] == 77
    assert cells["gpu0_utilization_ratio"] is None
    assert cells["gpu0_power_watts"] == 100.0
    assert library.asked["processes"] == uuid
    assert source.gpus[0]["mig_uuid"] == uuid
    assert source.gpus[0]["uuid"] == "GPU-0"
    assert source.gpus[0]["name"] == "NVIDIA Test MIG 1g.10gb"
    assert uuid in source.capabilities["gpu0_mig"]


def test_library_and_driver_of_different_versions():
    library = FakeNvml()
    library.errors["init", None] = pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH
    assert "restart the machine" in source_of(library).capabilities["gpu"]


def test_close_lets_go_of_the_driver():
    library = FakeNvml()
    source_of(library).close()
    assert library.calls["shutdown"] == 1


def test_this_machine_answers_or_says_why_not():
    source = NvmlSource(SimpleNamespace(pids=frozenset()))
    assert len(source.read(SECOND_NS)) == len(source.columns)
    assert source.capabilities["gpu"] == "available" or not source.columns
    source.close()
