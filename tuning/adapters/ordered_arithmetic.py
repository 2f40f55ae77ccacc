"""The numbers of a merge: float32 in a fixed order, so that every machine makes the same bytes.

No matrix product of a BLAS library is used: its order of summation depends on the processor, the
threads and the shape. B A is summed rank by rank with elementwise operations, each of which IEEE
754 defines to the last bit. Norms are summed in float64, in an order that depends on the shape only.
Needs the extra `lora`: numpy and ml_dtypes.
"""

import ml_dtypes
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.generic]

DTYPES: dict[str, np.dtype[np.generic]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
}
LARGEST = {"F32": "3.403e38", "F16": "65504", "BF16": "3.39e38"}
"""The largest number of what is merged, for people."""
_EXPONENTS = {"F32": 0x7F800000, "F16": 0x7C00, "BF16": 0x7F80}
_BLOCK = 128 * 1024
"""Elements that are worked on at once, so that they stay in the processor's cache."""


def to_float32(raw: bytes, dtype: str) -> Floats:
    """Bytes of a SafeTensors dtype as float32, flat; exact but for F64, which is rounded."""
    found = np.frombuffer(raw, DTYPES[dtype])
    with np.errstate(over="ignore", invalid="ignore"):
        return found.astype(np.float32)


def rounded(values: Floats, dtype: str) -> Numbers:
    """To nearest, ties to even; beyond the largest number it becomes infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(DTYPES[dtype])


def add_low_rank(
    values: Floats, left: Floats, right: Floats, scale: float, *, through: str, fused: bool
) -> None:
    """`values` (rows x columns) += scale * (left (rows x r) @ right (r x columns)), in place.

    Per element: p = l0*r0; p += l1*r1; …; p *= scale; value += p, each rounded to float32. `fused`
    rounds `p + l*r` once, as the processor's fused operation in a BLAS library does, and PEFT with
    it. `through` is the dtype that the change is rounded to first: F32 leaves it as it is.
    """
    rows, columns = values.shape
    height = max(1, _BLOCK // max(1, columns))
    change = np.empty((min(height, rows), columns), np.float32)
    product = np.empty_like(change, np.float64 if fused else np.float32)
    rights = right.astype(product.dtype, copy=False)
    for first in range(0, rows, height):
        count = min(height, rows - first)
        total, term = change[:count], product[:count]
        lefts = left[first : first + count].astype(product.dtype, copy=False)
        np.multiply(lefts[:, 0:1], rights[0], out=total, casting="same_kind")
        for k in range(1, rights.shape[0]):
            np.multiply(lefts[:, k : k + 1], rights[k], out=term)
            np.add(total, term, out=total, casting="same_kind")
        np.multiply(total, np.float32(scale), out=total)
        if through != "F32":
            total = rounded(total, through).astype(np.float32)
        target = values[first : first + count]
        np.add(target, total, out=target)


def row_norms(values: Floats) -> Floats:
    """The L2 norm of each row: squares and sums in float64, halves added pairwise."""
    squares: Doubles = np.square(values, dtype=np.float64)
    width = squares.shape[1]
    while width > 1:
        half = (width + 1) // 2
        squares[:, : width - half] += squares[:, half:width]
        width = half
    return np.sqrt(squares[:, 0]).astype(np.float32)


def add_column_squares(sums: Doubles, values: Floats) -> None:
    """`sums` (columns) += the squares of each row in turn, float64, in place."""
    squares: Doubles = np.square(values, dtype=np.float64)
    for row in squares:
        np.add(sums, row, out=sums)


def column_norms(sums: Doubles) -> Floats:
    return np.sqrt(sums).astype(np.float32)


def finite(values: Numbers) -> bool:
    """Whether no value is infinite or not a number."""
    return bool(np.isfinite(values).all())


def finite_bytes(raw: bytes, dtype: str) -> bool:
    """The same of bytes as they are written: no exponent is all ones."""
    exponent = _EXPONENTS[dtype]
    bits = np.frombuffer(raw, f"<u{DTYPES[dtype].itemsize}") & exponent
    return not bits.size or int(bits.max()) < exponent


def not_finite(values: Floats) -> str:
    """`NaN` or `Inf`, whichever is there."""
    return "NaN" if np.isnan(values).any() else "Inf"
