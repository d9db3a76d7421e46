import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workloads import native, native_data, own_file
from workloads.catalogue import find_workload
from workloads.data import cache
from workloads.native import NativeWorkload
from workloads.spec import Workload, WorkloadError

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
DATA = 'DATA, INPUT_SHAPE, CLASSES = "digits", (28, 28, 1), 10\n'
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(text: str, name: str = "model.py") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return file


def native_of(path: Path) -> NativeWorkload:
    found = native.load(path)
    assert isinstance(found, NativeWorkload)
    return found


def test_a_path_is_found_where_a_name_is() -> None:
    found = find_workload(str(EXAMPLES / "own_model.py"))
    assert isinstance(found, NativeWorkload)
    assert (found.name, found.builders) == ("own_model", ("build_torch", "build_keras"))
    assert (found.data, found.input_shape, found.batch_size) == ("digits", (28, 28, 1), 32)


def test_every_example_can_be_loaded() -> None:
    for path in EXAMPLES.glob("*.py"):
        assert native.load(path).name == path.stem


def test_a_neutral_spec_has_the_name_of_its_file() -> None:
    found = native.load(EXAMPLES / "own_spec.py")
    assert isinstance(found, Workload)
    assert found.name == "own_spec"


def test_a_function_makes_a_spec_with_options(write: Write) -> None:
    path = write("""
        from workloads.layers import Flatten, Linear
        from workloads.spec import Workload

        def workload(classes=3):
            layers = (Flatten("flat"), Linear("fc", classes))
            return Workload(name="x", title="x", source="x", input_shape=(2, 2, 1),
                            classes=classes, layers=layers, data="synthetic",
                            options={"classes": classes})
    """)
    assert native.load(path).classes == 3
    assert native.load(path, {"classes": "5"}).classes == 5
    with pytest.raises(WorkloadError, match='no option "size"'):
        native.load(path, {"size": 5})


def test_neighbours_are_imported_and_nothing_of_ours_is_replaced(write: Write) -> None:
    write("SIZE = 4\n", "a_neighbour.py")
    write("raise RuntimeError('not this one')\n", "workloads.py")
    path = write(
        DATA + "import a_neighbour, workloads.spec\nBATCH_SIZE = a_neighbour.SIZE\n"
        "def build_torch(): pass\n"
    )
    before, folders = sys.modules["workloads"], list(sys.path)
    assert native_of(path).batch_size == 4
    assert sys.modules["workloads"] is before
    assert sys.path == folders
    assert "model" not in sys.modules


def test_a_changed_file_is_another_model(write: Write) -> None:
    path = write(DATA + "BATCH_SIZE = 8\ndef build_torch(): pass\n")
    first = native_of(path)
    path.write_text(path.read_text().replace("= 8", "= 9"))
    second = native_of(path)
    assert (first.batch_size, second.batch_size) == (8, 9)
    assert first.file_sha256 != second.file_sha256


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", r"model.py has no model: give it build_torch\(\) and build_keras\(\)"),
        ("DATA = 'digits\n", r"model.py, line 1: SyntaxError: unterminated"),
        ("import nosuch\n", r"model.py, line 1: ModuleNotFoundError: No module named 'nosuch'"),
        ("import sys\nsys.exit('no')\n", r"model.py, line 2: SystemExit: no"),
        ("def build_torch(): pass\n", r"says too little about its data"),
        (DATA + "def data(): pass\ndef build_torch(): pass\n", r"has both DATA and data\(\)"),
        (DATA + "build_torch = 3\n", r"build_torch is no function"),
        (DATA + "BATCH_SIZE = 'x'\ndef build_torch(): pass\n", r"BATCH_SIZE.*Expected `int`"),
        (DATA + "BATCH_SIZE = 0\ndef build_torch(): pass\n", r"BATCH_SIZE.*>= 1"),
        (DATA + "LEARNING_RATES = {'adma': 1}\ndef build_torch(): pass\n", r"has 'adma'; it takes"),
        *(
            (
                DATA + f"LEARNING_RATES = {{'sgd': {rate}}}\ndef build_torch(): pass\n",
                r'LEARNING_RATES\["sgd"\] is .*; give a number above 0',
            )
            for rate in ("float('nan')", "-1e-3", "float('inf')", "'fast'", "True")
        ),
        (
            "DATA, INPUT_SHAPE, CLASSES = 'x', (0, 3), 2\ndef build_torch(): pass\n",
            r"INPUT_SHAPE is \(0, 3\); each size",
        ),
        ("DATA, INPUT_SHAPE, CLASSES = 'x', (3,), 0\ndef build_torch(): pass\n", r"CLASSES.*>= 1"),
        (DATA + "WEIGHTS = {'a': 3}\ndef build_torch(): pass\n", r'WEIGHTS\["a"\] is 3; it takes'),
        ("WORKLOAD = 3\n", r"WORKLOAD is a int, not a Workload"),
        (
            DATA + "def torch_loss(o, l): pass\ndef build_torch(): pass\ndef build_keras(): pass\n",
            r"torch_loss but no keras_loss",
        ),
    ],
)
def test_what_a_file_lacks_is_one_sentence(write: Write, text: str, message: str) -> None:
    with pytest.raises(WorkloadError, match=message):
        native.load(write(text))


def test_missing_files_and_strange_names_are_one_sentence(write: Write, tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match=r"gone.py can't be read \(No such file"):
        find_workload(str(tmp_path / "gone.py"))
    with pytest.raises(WorkloadError, match=r"rename it to letters"):
        native.load(write("", "my model.py"))


def test_an_error_shows_the_frames_of_the_file_alone(write: Write) -> None:
    path = write(
        DATA + "def helper():\n    raise ValueError('bad kernel')\n"
        "def build_torch():\n    helper()\n"
    )
    build = native.function(native_of(path), "build_torch")
    assert build is not None
    with pytest.raises(WorkloadError) as caught:
        build()
    sentence, *frames = str(caught.value).splitlines()
    assert sentence == "model.py, line 3, in helper: ValueError: bad kernel."
    assert sum("File" in frame for frame in frames) == 2
    assert all(frame.startswith("  | ") for frame in frames)
    assert "native.py" not in str(caught.value)


def test_weights_may_have_the_shape_of_an_image(write: Write) -> None:
    path = write(
        DATA + "WEIGHTS = {'a': 'x', 'b': ('y', (2, 3, 4)), 'c': ('z', None)}\n"
        "def build_torch(): pass\n"
    )
    assert native_of(path).weights == {"a": ("x", None), "b": ("y", (2, 3, 4)), "c": ("z", ())}


def test_a_blank_docstring_is_none(write: Write) -> None:
    path = write('"""  """\n' + DATA + "def build_torch(): pass\n")
    assert native_of(path).title == "model"


def test_a_file_that_changes_after_its_hash_is_not_run(write: Write) -> None:
    path = write("raise RuntimeError\n")
    with pytest.raises(WorkloadError, match=r"model.py has changed since it was read"):
        own_file.module(path, "0" * 64)


def test_a_missing_framework_says_where_to_import_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Without(), *sys.meta_path])
    with pytest.raises(WorkloadError, match=r"line 1: .*import a framework inside the builders"):
        native.load(write("import torch.nn\n" + DATA + "def build_torch(): pass\n"))


class Without:
    """Python as it is without torch."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")


OWN_DATA = """
    import numpy as np

    class Own:
        def __array__(self, *_, **__):
            raise RuntimeError("detach it.")

    def data():
        def part(count):
            image = np.zeros((count, 4, 4, 1), np.uint8)
            return (image, np.ones((count, 3))), np.arange(count, dtype=np.int32)

        (one, labels), (other, others) = part(6), part(2)
        return {"train_inputs": one, "train_labels": labels,
                "test_inputs": other, "test_labels": others}

    def build_torch():
        pass
"""


def test_own_data_are_kept_with_all_inputs(write: Write) -> None:
    made = native_data.prepare(native_of(write(OWN_DATA)))
    assert (made.train_count, made.test_count, made.inputs) == (6, 2, 2)
    assert (made.input_shape, made.classes) == ((4, 4, 1), None)
    samples = cache.load(made.key)
    image, vector = cache.inputs(samples, "train")
    assert (image.dtype, vector.dtype) == (np.uint8, np.float32)
    assert samples["train_labels"].dtype == np.int64
    assert native_data.prepare(native_of(write(OWN_DATA))) == made


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("return {", "return {'more': 3, "), r"data\(\) must return a dict with train_inputs"),
        (("np.arange(count,", "np.arange(3,"), r"train_inputs of data\(\) has the shape"),
        (
            ("np.ones((count, 3))", "np.ones((count, count))"),
            r"train_inputs_2 of data\(\) is float",
        ),
        (("np.ones((count, 3))", "np.full(count, 'a')"), r"is an array of <U1"),
        (('"train_inputs": one', '"train_inputs": ()'), r"train_inputs of data\(\) is empty"),
        (('"train_inputs": one', '"train_inputs": one[0]'), r"train data missing; both must"),
        (("np.ones((count, 3))", "Own()"), r"train_inputs_2 of data\(\) is no array \(detach it\)"),
        (
            ("def build_torch", "CLASSES = 5\n    def build_torch"),
            r"train_labels of data\(\) go from 0 to 5, and CLASSES = 5 allows 0 to 4",
        ),
    ],
)
def test_data_of_another_form_are_one_sentence(
    write: Write, change: tuple[str, str], message: str
) -> None:
    with pytest.raises(WorkloadError, match=message):
        native_data.prepare(native_of(write(OWN_DATA.replace(*change))))
