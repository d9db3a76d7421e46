from typing import Any

import numpy as np
import pytest

from analysis import samples
from profilers import rundir
from profilers.rundir import ProfileError

MS = 1_000_000


def test_cpu_percent_of_each_sample(make_run: Any) -> None:
    recorded = samples.read(make_run())
    assert recorded is not None
    known = recorded.cpu_percent()
    np.testing.assert_allclose(known, [np.nan, np.nan, 150, 200, 100])


def test_a_torn_last_line_is_dropped(make_run: Any) -> None:
    run = make_run()
    with (run / rundir.RESOURCES).open("a", encoding="utf-8") as file:
        file.write("17900000000")
    recorded = samples.read(run)
    assert recorded is not None
    assert len(recorded.time_ns) == 5


@pytest.mark.parametrize("text", ["1,2\n", "x,1,1,1,1,1\n", "1,y,1,1,1,1\n"])
def test_a_damaged_line_is_one_sentence_with_the_files_name(make_run: Any, text: str) -> None:
    run = make_run()
    with (run / rundir.RESOURCES).open("a", encoding="utf-8") as file:
        file.write(text)
    with pytest.raises(ProfileError, match=r"resources\.csv is damaged"):
        samples.read(run)


def test_a_run_without_samples_has_none(make_run: Any) -> None:
    assert samples.read(make_run(samples=None)) is None


def test_times_stay_exact(make_run: Any) -> None:
    recorded = samples.read(make_run())
    assert recorded is not None
    assert recorded.time_ns[1] == make_run.start_ns + 500 * MS
