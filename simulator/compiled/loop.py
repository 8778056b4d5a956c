"""How a loop is compiled: at import, for the types in its signature, or taken from Numba's cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Times = NDArray[np.float64]
    Numbers = NDArray[np.int64]
    Buckets = NDArray[np.uint16]

F = TypeVar("F", bound=Callable[..., object])


def loop(signature: str) -> Callable[[F], F]:
    """Compile a function for arguments that are contiguous arrays and numbers of just these types.

    No `fastmath`, so that LLVM neither contracts nor reorders: the very operations of what a loop stands for,
    in the same order.
    """
    return cast("Callable[[F], F]", njit(signature, cache=True, error_model="numpy"))
