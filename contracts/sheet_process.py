"""A process of its own that reads the cells of a workbook, within limits; `contracts.workbooks` starts it.

A workbook of a few bytes can ask for billions of cells, and the reader may then abort the whole process: it is this
one. In: the limits as arguments, the file's bytes on standard input. Out: ("read", sheets) or ("refused", reason), pickled.
"""

import io
import pickle
import sys
from contextlib import suppress
from typing import Any

from python_calamine import CalamineWorkbook


def bound(memory: int, seconds: int) -> None:
    """Let the process fail rather than fill the machine, where the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  (not on Windows)

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def read(data: bytes, most_cells: int, only: "str | None") -> "tuple[str, Any]":
    """Return names of all sheets and (name, rows, merged ranges) of those wanted: `only`, the first ('') or all (None)."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    names = book.sheet_names
    wanted = names if only is None else [only] if only in names else names[:1] if not only else []
    sheets = []
    for name in wanted:
        sheet = book.get_sheet_by_name(name)
        bottom, right = sheet.end or (-1, -1)
        most_cells -= (bottom + 1) * (right + 1)
        if most_cells < 0:
            return "refused", "too many cells"
        ranges = list(sheet.merged_cell_ranges or ())
        sheets.append((name, sheet.to_python(skip_empty_area=False), ranges))
    return "read", (names, sheets)


def main() -> None:
    memory, seconds, most_cells = (int(word) for word in sys.argv[1:4])
    only = sys.argv[5] if sys.argv[4] == "only" else None
    bound(memory, seconds)
    try:
        answer = read(sys.stdin.buffer.read(), most_cells, only)
    except MemoryError:
        answer = ("refused", "too much memory")
    except Exception as error:  # noqa: BLE001  (the reader has no common base class for what damaged files raise)
        answer = ("refused", f"not a workbook, or damaged ({type(error).__name__})")
    pickle.dump(answer, sys.stdout.buffer, protocol=5)


if __name__ == "__main__":
    main()
