"""Columns of calls that someone else wrote, in whatever type, read into the types of the call schema.

What cannot be read in single cells becomes unknown and is told in a note; a column of a type that cannot mean what its
name says is an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.errors import ConfigError
from watchkeeper.schema import CALLS_SCHEMA, COST_SCALE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LAST_S = 7_258_118_400.0
"""2200-01-01: what lies beyond is no time of a call."""
_MOST_DURATION_US = 1e15
_MOST_EXACT = 2.0**53
"""Beyond it numbers that were read as floats are not the ones in the file."""
_MOST_COST = 10.0 ** (18 - COST_SCALE) / 2
_EPOCHS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (np.inf, 1e9))
"""Numbers below the first are Unix times in units of so many a second."""
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SHOWN = 40
"""Characters of a value that a message shows."""
_TIME_MEND = (
    "write the year first, as in 2026-01-31T12:00:00Z; in pandas: "
    'df["ts"] = pd.to_datetime(df["ts"], dayfirst=True), or dayfirst=False where the month comes first'
)
_TRUE, _FALSE = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")


@dataclass(slots=True)
class Notes:
    """What a reader of ``name`` (a file) leaves out or takes for unknown, in sentences."""

    name: str
    told: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """Once each."""
        if text not in self.told:
            self.told.append(text)

    def wrong(self, column: str, kind: pa.DataType, mend: str) -> ConfigError:
        """The error that says that ``column`` cannot be used."""
        return ConfigError(f"{self.name}: column {column} has the type {kind}: {mend}")


def converted(column: pa.ChunkedArray, name: str, notes: Notes) -> pa.Array:
    """``column`` [n] in the type that the call schema has for ``name``.

    Raises :class:`ConfigError` where the type cannot be read as that at all.
    """
    target = CALLS_SCHEMA.field(name).type
    plain = _plain(column)
    if pa.types.is_map(target):
        return plain if plain.type == target else pa.nulls(len(plain), target)
    if pa.types.is_dictionary(target):
        return words(plain, name, notes).dictionary_encode().cast(target)
    if pa.types.is_string(target):
        return words(plain, name, notes)
    if pa.types.is_boolean(target):
        return _flags(plain, name, notes)
    if pa.types.is_decimal(target):
        return _within(_numbers(plain, name, notes), _MOST_COST, name, notes).cast(target)
    if pa.types.is_fixed_size_binary(target):
        return _ids(plain, target.byte_width)
    widest = min(float(2**target.bit_width - 1), _MOST_EXACT)
    most = _MOST_DURATION_US if name.endswith("_us") else widest
    return _within(np.round(_numbers(plain, name, notes)), most, name, notes).cast(target)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """One piece, dictionaries and wrappings undone, without large and view types."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # too long for one piece of its type
        array = pa.concat_arrays(array.cast(pa.large_string()).chunks)
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    return array


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def words(plain: pa.Array, name: str, notes: Notes) -> pa.Array:
    """[n] strings; unknown is the empty one. Numbers, flags and dates are taken as they are written."""
    try:
        return pc.utf8_trim_whitespace(plain.cast(pa.string()).fill_null(""))
    except pa.ArrowException:
        raise notes.wrong(name, plain.type, "write it as text (UTF-8), or drop it") from None


def _numbers(plain: pa.Array, name: str, notes: Notes) -> Floats:
    """[n] numbers, NaN for unknown. A duration type is read as microseconds."""
    if pa.types.is_duration(plain.type):
        plain = plain.cast(pa.duration("us"), safe=False).cast(pa.int64())
    try:
        if _is_text(plain.type):
            plain = _numeric_text(plain)
        found: Floats = plain.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except pa.ArrowException:
        raise notes.wrong(name, plain.type, "write it as a number, or drop it") from None
    return found


def _numeric_text(plain: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(plain.cast(pa.string()))
    unknown = pc.is_in(pc.utf8_lower(trimmed), pa.array(["", "nan", "none", "null", "n/a", "na"]))
    return pc.if_else(unknown, pa.scalar(None, pa.string()), trimmed)


def numbers(column: pa.ChunkedArray, name: str, notes: Notes) -> Floats:
    """``column`` [n] as numbers, true as 1, NaN for unknown. Raises as :func:`converted` does."""
    found = _numbers(_plain(column), name, notes)
    odd = int(np.isinf(found).sum())
    if odd:
        notes.tell(f"column {name} has {odd} numbers that are infinite: taken as unknown")
    return np.where(np.isinf(found), np.nan, found)


def _within(numbers: Floats, most: float, name: str, notes: Notes) -> pa.Array:
    """[n] numbers from 0 to ``most``; what lies outside is unknown, and told."""
    known = np.isfinite(numbers)
    inside = known & (numbers >= 0) & (numbers <= most)
    odd = np.flatnonzero(~inside & ~np.isnan(numbers))
    if len(odd):
        notes.tell(
            f"column {name} has {len(odd)} numbers below 0 or above {most:g} (the first is {numbers[odd[0]]:g}): taken "
            "as unknown; is the unit right?"
        )
    return pa.array(np.where(inside, numbers, 0.0), pa.float64(), mask=~inside)


def _flags(plain: pa.Array, name: str, notes: Notes) -> pa.Array:
    if pa.types.is_boolean(plain.type):
        return plain
    text = pc.utf8_lower(words(plain, name, notes))
    true, false = (pc.is_in(text, pa.array(known)) for known in (_TRUE, _FALSE))
    odd = len(text) - pc.sum(pc.or_(pc.or_(true, false), pc.equal(text, ""))).as_py() if len(text) else 0
    if odd:
        notes.tell(f"column {name} has {odd} values that are neither true nor false: taken as unknown")
    return pc.if_else(pc.or_(true, false), true, pa.scalar(None, pa.bool_()))


def _ids(plain: pa.Array, width: int) -> pa.Array:
    """[n] ids of ``width`` bytes, from bytes or hexadecimal text; zero bytes for whatever is neither."""
    zero = bytes(width)
    read: Callable[[object], bytes] = _hex if _is_text(plain.type) else _raw
    found = [read(one) if one is not None else zero for one in plain.to_pylist()]
    return pa.array([one if len(one) == width else zero for one in found], pa.binary(width))


def _hex(text: object) -> bytes:
    try:
        return bytes.fromhex(str(text))
    except ValueError:
        return b""


def _raw(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def moments(column: pa.ChunkedArray, name: str, notes: Notes) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Unix microseconds [n] and where they are known [n]: between 1970 and 2200.

    A time without zone is UTC. Numbers are seconds, milli-, micro- or nanoseconds, told by their size.
    """
    plain = _plain(column)
    if pa.types.is_null(plain.type):
        return np.zeros(len(plain), np.int64), np.zeros(len(plain), np.bool_)
    if _is_text(plain.type):
        plain = _from_text(plain.cast(pa.string()), name, notes)
    if pa.types.is_date(plain.type):
        plain = plain.cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(plain.type):
        return _stamps(plain)
    try:
        if pa.types.is_boolean(plain.type):
            raise pa.ArrowInvalid
        return _epochs(plain.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    except pa.ArrowException:
        raise notes.wrong(name, plain.type, "write a timestamp, an ISO 8601 text or a Unix time") from None


def _stamps(plain: pa.Array) -> tuple[Ints, npt.NDArray[np.bool_]]:
    scale = _PER_SECOND[plain.type.unit]
    ints: Ints = plain.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    known = (ints >= 0) & (ints / scale < _LAST_S)
    inside = np.where(known, ints, 0)
    return (inside * (10**6 // scale) if scale <= 10**6 else inside // (scale // 10**6)), known


def _epochs(numbers: Floats) -> tuple[Ints, npt.NDArray[np.bool_]]:
    finite = numbers[np.isfinite(numbers)]
    size = float(np.median(np.abs(finite))) if len(finite) else 0.0
    scale = next(scale for limit, scale in _EPOCHS if size < limit)
    known = np.isfinite(numbers) & (numbers >= 0) & (numbers / scale < _LAST_S)
    return np.round(np.where(known, numbers, 0.0) * (1e6 / scale)).astype(np.int64), known


def _from_text(text: pa.Array, name: str, notes: Notes) -> pa.Array:
    """Timestamps, or numbers where all of it is numeric. Raises :class:`ConfigError` where no text is a time."""
    trimmed = _numeric_text(text)
    for kind in (pa.timestamp("us"), pa.timestamp("us", tz="UTC"), pa.float64()):
        try:
            return trimmed.cast(kind)
        except pa.ArrowException:
            continue
    distinct = trimmed.dictionary_encode()
    found = {one: _parsed(one) for one in distinct.dictionary.to_pylist()}
    odd = [one for one, at in found.items() if at is None]
    if odd:
        said = f"column {name} holds texts that are no times, such as {odd[0][:_SHOWN]!r}"
        if len(odd) == len(found):
            raise ConfigError(f"{notes.name}: {said}: {_TIME_MEND}")
        notes.tell(f"{said}: left out; {_TIME_MEND}")
    return pa.array(found.values(), pa.timestamp("us", tz="UTC")).take(distinct.indices)


def _parsed(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
