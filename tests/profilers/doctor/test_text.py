import io

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profilers.doctor import text
from profilers.doctor.record import Examination, Measurement

changed = msgspec.structs.replace
LONG = Measurement(
    name="gpu_kernels",
    title="GPU kernels",
    state="unavailable",
    how="the driver restricts profiling (CUPTI_ERROR_INSUFFICIENT_PRIVILEGES)",
    remedy="set NVreg_RestrictProfilingToAdminUsers=0 in a file, or run as root",
)


def written(found: Examination, width: int, *, is_plain: bool = False) -> list[str]:
    return [f"{line.sign}{line.text}" for line in text.lines_of(found, width, is_plain)]


def test_a_page_as_wide_as_it_gets(examination: Examination) -> None:
    lines = written(changed(examination, measurements=[LONG]), 88)
    assert lines == [
        "crossprof 0.1.0 · Linux 6.8 · Python 3.11.7",
        "  8 CPUs usable (affinity 8, no quota, 4 physical cores) · memory 32 GiB",
        "",
        "Frameworks",
        "  ✓ PyTorch  2.13.0  /opt/torch/bin/python  on cuda:0, CUDA 13.0, cuDNN 92400, numpy",
        "             2.4.6",
        "",
        "Devices",
        "  ✓ cpu     Test CPU",
        "  ✓ cuda:0  NVIDIA L4, 24 GiB, driver 580.82, limit 72 W, not MIG",
        "",
        "What can be measured here",
        "  ✗ GPU kernels  the driver restricts profiling (CUPTI_ERROR_INSUFFICIENT_PRIVILEGES);",
        "                 set NVreg_RestrictProfilingToAdminUsers=0 in a file, or run as root",
        "",
        "Self-test of the sampler, 2.0 s",
        "  ✓ 20 of 20 samples, late by 0.4 ms (median) and 2.1 ms (worst), 0.7 % of one core",
        "",
        "Ready to run. 1 thing can't be measured here (✗) and stays empty in the results.",
    ]


def test_on_a_narrow_page_texts_stand_below_their_labels(examination: Examination) -> None:
    lines = written(changed(examination, measurements=[LONG]), 50)
    start = lines.index("  ✗ GPU kernels")
    assert lines[start + 1] == "    the driver restricts profiling"
    assert all(len(line) <= 50 for line in lines)


def test_a_command_stays_in_one_line(examination: Examination) -> None:
    install = "/opt/bin/python -m pip install 'torch>=2.8,<2.14' numpy msgspec"
    (torch,) = examination.frameworks
    missing = changed(torch, usable=False, install=install)
    for width in (40, 80):
        lines = written(changed(examination, frameworks=[missing]), width)
        assert any(line.strip() == install for line in lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(text.NARROWEST, 200))
def test_lines_are_as_wide_as_the_page_and_lose_nothing(
    examination: Examination, width: int
) -> None:
    found = changed(examination, measurements=[LONG])
    lines = written(found, width)
    assert max(map(len, lines)) <= max(width, 45)  # no word is longer than this
    words = " ".join(lines).replace("·", " ").split()
    assert words == " ".join(written(found, 1000)).replace("·", " ").split()


def test_signs_that_the_encoding_lacks_are_written_in_ascii(examination: Examination) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    text.show(changed(examination, measurements=[LONG]), stream)
    stream.seek(0)
    content = stream.read()
    assert "  ok PyTorch" in content
    assert "  x  GPU kernels" in content
    assert "(x) and stays empty" in content
    assert "crossprof 0.1.0 | Linux" in content


def test_colour_is_for_terminals(examination: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    text.show(examination, terminal)
    assert "\x1b[32m" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    text.show(examination, plain)
    assert "\x1b" not in plain.getvalue()
    assert plain.getvalue().splitlines() == [line.rstrip() for line in written(examination, 80)]
