"""How numbers, names and frameworks are written, in the same words wherever people read them."""

import math
import unicodedata
from collections.abc import Iterable, Sequence

MISSING = "–"
MIB, GIB = 2**20, 2**30
FRAMEWORKS = {
    "torch": "PyTorch",
    "tensorflow": "TensorFlow",
    "onnxruntime": "ONNX Runtime",
    "litert": "LiteRT",
}
PRECISIONS = {"fp32": "float32", "tf32": "TF32", "fp16": "float16", "bf16": "bfloat16"}
VERBS = {"train": "trains", "infer": "runs"}
STEPS = {"train": "training step", "infer": "inference step"}
TIME_UNITS = (("s", 1e9), ("ms", 1e6), ("µs", 1e3))


def framework(name: str) -> str:
    """A framework's own spelling of its name."""
    return FRAMEWORKS.get(name, name)


def decimals_for(value: float) -> int:
    """How many decimals show three significant digits of a value."""
    if value == 0 or not math.isfinite(value):
        return 2
    exponent = math.floor(math.log10(abs(value)))
    if round(abs(value) / 10.0**exponent, 2) >= 10:
        exponent += 1
    return max(0, 2 - exponent)


def number(value: float | None, decimals: int | None = None) -> str:
    """A number with three significant digits, or with so many decimals; a dash for a missing one.

    Thousands are parted by commas. What is not zero but would be written as zero is written as
    below the smallest figure that fits.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if decimals is None:
        decimals = decimals_for(value)
        value = _three_digits(value)
    text = f"{abs(value):,.{decimals}f}"
    if value != 0 and not any(digit in "123456789" for digit in text):
        return f"<{10.0**-decimals:.{decimals}f}"
    return "−" + text if value < 0 else text


def signed(value: float | None, decimals: int | None = None) -> str:
    """A difference: a number with its sign, without one where it is zero or missing."""
    text = number(value, decimals)
    if value is None or not (text[0].isdigit() or text[0] == "<"):
        return text
    return f"+{text}" if value > 0 else f"−{text}" if value < 0 else text


def _three_digits(value: float) -> float:
    if value == 0:
        return value
    return round(value, 2 - math.floor(math.log10(abs(value))))


def power(value: float | None) -> str:
    """One digit and a power of ten, as 3e-8; a dash for a missing number."""
    if value is None or not math.isfinite(value):
        return MISSING
    digit, exponent = f"{value:.0e}".split("e")
    return f"{digit}e{int(exponent)}"


def magnitude(value: float | None) -> str:
    """A number of any size, for which it matters how small it is: 0.54 and 3e-8 and 1e9.

    From a thousandth to a million it has up to three digits and no needless zeros.
    """
    if value is not None and math.isinf(value):
        return "infinite" if value > 0 else "−infinite"
    if value is None or math.isnan(value):
        return MISSING
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        text = number(value)
        return text.rstrip("0").rstrip(".") if "." in text else text
    return power(value).replace("-", "−", 1) if value < 0 else power(value)


def count(value: int | None) -> str:
    """A whole number with all its digits; a dash for a missing one."""
    return MISSING if value is None else f"{value:,}"


def counted(value: int, noun: str) -> str:
    """A number with its noun, in the plural where it needs one."""
    return f"{count(value)} {noun}" + ("" if value == 1 else "s")


def listed(parts: Iterable[object]) -> str:
    """An enumeration with "and" before its last part; there is one at least."""
    *others, last = map(str, parts)
    return f"{', '.join(others)} and {last}" if others else last


def numbered(noun: str, numbers: Sequence[int]) -> str:
    """A noun with the numbers of those that are meant: "run 2", "runs 1, 2 and 4"."""
    return f"{noun}{'' if len(numbers) == 1 else 's'} {listed(numbers)}"


def interval(low: float, high: float, decimals: int) -> str:
    """Both ends of a range, with as many decimals as the value beside it."""
    return f"{number(low, decimals)} to {number(high, decimals)}"


def range_beside(value: float, low: float, high: float) -> str:
    """Both ends of a range, with the digits that the value beside it is written with."""
    if value == 0 or not math.isfinite(value):
        return interval(low, high, decimals_for(value))
    digits = 2 - math.floor(math.log10(abs(value)))
    return interval(round(low, digits), round(high, digits), decimals_for(value))


def memory(size_bytes: float | None) -> str:
    """A size in the unit in which it is easiest to read."""
    if size_bytes is None:
        return MISSING
    unit, unit_bytes = memory_unit(size_bytes)
    return f"{number(size_bytes / unit_bytes)} {unit}"


def memory_unit(size_bytes: float) -> tuple[str, int]:
    """The unit in which a size is easiest to read, and how many bytes it has.

    Mebibytes reach up to 1,000, as a larger number has more than three digits.
    """
    return ("MiB", MIB) if size_bytes < 1000 * MIB else ("GiB", GIB)


def time_unit(duration_ns: float) -> tuple[str, float]:
    """The unit in which a time is easiest to read, and how many ns it has.

    Milliseconds reach from 0.1 ms to 10 s.
    """
    if duration_ns >= 1e10:
        return TIME_UNITS[0]
    return TIME_UNITS[1] if duration_ns >= 1e5 else TIME_UNITS[2]


def plain(name: str) -> str:
    """A name without control characters: names come from traces, and a terminal obeys those.

    Besides the control characters, marks that turn the direction of writing are left out.
    """
    return "".join(letter for letter in name if unicodedata.category(letter)[0] != "C")


def escaped(text: str, encoding: str | None = None) -> str:
    """A text on one line, with escapes for what can't be printed or is not in the encoding.

    They are those of JSON, so that a JSON document stays what it is.
    """
    encoding = encoding or "utf-8"
    if text.isprintable() and _encodes(text, encoding):
        return text
    return "".join(
        letter if letter.isprintable() and _encodes(letter, encoding) else _escape(letter)
        for letter in text
    )


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _escape(letter: str) -> str:
    digits = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{digits[at : at + 4]}" for at in range(0, len(digits), 4))


def is_well_formed(text: str) -> bool:
    """Whether it has no lone surrogates, as which bytes of a name that are not UTF-8 are read."""
    return _encodes(text, "utf-8")


def well_formed(text: str) -> str:
    """The text with replacement characters for lone surrogates, which no encoding has."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shortened(name: str, width: int) -> str:
    """A name of at most `width` characters; a longer one loses its middle."""
    name = plain(name)
    if len(name) <= width:
        return name
    tail = (width - 1) // 2
    return f"{name[: width - 1 - tail]}…{name[len(name) - tail :] if tail else ''}"


def percent(ratio: float | None, decimals: int | None = 0) -> str:
    """A part of a whole, in percent; three significant digits with `decimals` None."""
    return MISSING if ratio is None else f"{number(100 * ratio, decimals)} %"
