import re
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Dynamo's own callbacks, those of the test taken away after it."""
    import torch

    found = torch._dynamo.callback_handler
    for name in ("start_callbacks", "end_callbacks"):
        monkeypatch.setattr(found, name, [])
    yield found
    torch._dynamo.reset_code_caches()


def test_compiling_again_for_another_shape_is_a_mark_of_its_own(handler: Any) -> None:
    import torch

    from profilers import torch_marks

    noted: list[tuple[str, str, int, int]] = []
    torch_marks.watch(lambda *mark: noted.append(mark))

    def work(x: torch.Tensor) -> torch.Tensor:
        return (x * 2).sum()

    compiled = torch.compile(work, dynamic=False, backend="aot_eager")
    for size in (3, 3, 4, 3):
        compiled(torch.ones(size, requires_grad=True)).backward()
    kinds, names, began, ended = zip(*noted, strict=True)
    assert set(kinds) == {"compile"}
    frames = [name for name in names if not name.startswith("lazy backward of ")]
    assert len(frames) == 2
    assert [re.sub(r"\d+/", "", frame) for frame in frames] == ["frame 0", "frame 1"]
    assert all(name.removeprefix("lazy backward of ") in frames for name in names)
    assert all(begin < end for begin, end in zip(began, ended, strict=True))
    assert sorted(began) == list(began)


def test_a_torch_that_tells_nobody_gives_no_marks(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from profilers import torch_marks

    monkeypatch.delattr(type(handler), "register_end_callback")
    torch_marks.watch(pytest.fail)
    assert handler.start_callbacks == []
    monkeypatch.delattr(torch._dynamo, "callback_handler")
    torch_marks.watch(pytest.fail)


def test_a_callback_without_what_is_compiled_has_a_name(handler: Any) -> None:
    from profilers import torch_marks

    noted: list[str] = []
    torch_marks.watch(lambda kind, name, began, ended: noted.append(name))
    for callback in (*handler.start_callbacks, *handler.end_callbacks):
        callback()
    assert noted == ["frame"]
