"""H: from a match key to the u-coordinate of a point, as a table (psi-v1 §3.1)."""

from collections.abc import Sequence

import numpy as np

from accountmap.psi.elligator import map_to_curve
from accountmap.psi.tables import Points


def hash_to_curve(dst: bytes, messages: Sequence[bytes]) -> Points:
    """Map messages to u-coordinates, shape (n, 32).

    Args:
        dst: domain separation tag, 1 to 255 bytes.
        messages: any bytes.
    """
    return np.frombuffer(map_to_curve(dst, messages), np.uint8).reshape(-1, 32)
