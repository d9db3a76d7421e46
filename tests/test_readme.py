"""What the README promises: its two commands, its files, its options."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_setting_up_and_testing_is_one_line_each_and_ci_runs_the_same() -> None:
    commands = re.findall(r"^```\n(.*venv.*)\n```$", README, re.MULTILINE)
    assert len(commands) == 2
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in commands:
        assert command in ci


def test_every_link_leads_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} -> {target}"


def test_every_option_that_is_shown_exists() -> None:
    done = subprocess.run(
        [sys.executable, "profile.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    for document in DOCUMENTS:
        for line in document.read_text(encoding="utf-8").splitlines():
            if "profile.py" in line and "python" in line:
                used = set(re.findall(r" (--[a-z-]+)", line))
                assert used <= known, f"{document.name}: {line}"


def test_the_texts_name_no_path_of_a_machine() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert not re.search(r"/(root|home|tmp)/", text), document.name
