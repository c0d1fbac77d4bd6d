"""What may be done with matrices of bits."""

from ..errors import BackendError
from .body_checks import check_written
from .operations import Imprint, MatMul, Operation
from .program import Program


def check_bits(op: Operation, program: Program) -> None:
    """Only a product reads a matrix of bits, and only an ``Imprint`` sets them."""
    allowed = {"weight", "mask"} if isinstance(op, Imprint) else {"weight"} if isinstance(op, MatMul) else set()
    named = [(field, value) for field, value in vars(op).items() if isinstance(value, str)]
    named += [("names", ref.buffer) for ref in getattr(op, "names", {}).values()]
    for field, name in named:
        if field not in allowed and name in program.buffers and program.buffers[name].dtype == "bit":
            raise BackendError(
                f"{type(op).__name__}.{field} must not be a matrix of bits, got {name}; "
                "MatMul reads one and Imprint sets it"
            )


def check_bit_rows(field: str, name: str, rows: int, columns: int, program: Program) -> None:
    """The matrix of bits ``name`` has ``rows`` rows of ``columns`` bits."""
    buffer = program.buffer(name)
    if buffer.dtype != "bit" or buffer.space is None:
        raise BackendError(f"{field} must be a matrix of bits, got {name} of {buffer.dtype}")
    size = program.size_of(buffer.space)
    if buffer.columns != columns or size != rows * columns:
        raise BackendError(
            f"{field} must have {rows} rows of {columns} bits, got {name} with {size} bits and rows of {buffer.columns}"
        )


def check_imprint(op: Imprint, program: Program) -> None:
    """Truth values on two index spaces, and a matrix of bits between them that may change."""
    sizes = {}
    for field, name in (("source", op.source), ("target", op.target)):
        buffer = program.buffer(name)
        if buffer.dtype != "bool" or buffer.space not in program.spaces:
            raise BackendError(
                f"Imprint.{field} must be truth values (bool) on an index space, got {name} of {buffer.dtype}"
            )
        sizes[field] = program.size_of(buffer.space or "")
    check_written("Imprint.weight", op.weight, program)
    for field, matrix in (("weight", op.weight), ("mask", op.mask)):
        if matrix is not None:
            check_bit_rows(f"Imprint.{field}", matrix, sizes["source"], sizes["target"], program)
    if op.filled is None:
        return
    check_written("Imprint.filled", op.filled, program)
    filled = program.buffer(op.filled)
    if filled.dtype != "float" or filled.space != program.buffer(op.target).space:
        raise BackendError(f"Imprint.filled must be numbers on the space of {op.target}, got {op.filled}")
