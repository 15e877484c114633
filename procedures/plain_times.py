"""Whether all times of a column are written in the usual way: then the engine reads them as they are, without patterns."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_MARKS = {10: ((4, 45), (7, 45)), 19: ((4, 45), (7, 45), (13, 58), (16, 58))}  # length → place and letter: 2026-10-08T08:15:00


def plain(column: "pa.ChunkedArray") -> bool:
    """Whether every cell is empty, a day (2026-10-08) or a time to the second (2026-10-08T08:15:00), none with an offset.

    Only the marks between the digits and the last digit are looked at: what else is wrong, the engine refuses.
    """
    import numpy as np
    import pyarrow as pa

    if column.type != pa.string():
        return False
    for chunk in column.chunks:
        _valid, ends, letters = chunk.buffers()
        if letters is None or not len(chunk):
            continue
        text = np.frombuffer(letters, np.uint8)
        starts = np.frombuffer(ends, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        lengths = np.diff(starts)
        for length, marks in _MARKS.items():
            here = lengths == length
            if not here.any():
                continue
            if np.all(here | (lengths == 0)):  # nothing else stands between them
                cells = text[starts[0] : starts[-1]].reshape(-1, length)
            else:
                cells = text[starts[:-1][here, None] + np.arange(length)]
            last = cells[:, length - 1]  # a digit, or a zone ends there
            if not all(np.all(cells[:, place] == letter) for place, letter in marks) or not np.all((last >= 48) & (last <= 57)):
                return False
        if not np.all((lengths == 0) | (lengths == 10) | (lengths == 19)):
            return False
    return True
