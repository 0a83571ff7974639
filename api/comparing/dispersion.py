"""How much more uncertain an estimate is than independent calls would make it: calls of one time share their load.

The estimate is a sum of what each block of time adds to it; the squares of these sums say how it varies, whatever the
calls within a block have in common (Liang and Zeger, *Longitudinal data analysis using generalized linear models*,
1986). What blocks have beyond independent calls goes on from block to block, like a queue that drains slowly, and is
counted as a first-order autoregression has it.
"""

from api.comparing.cells import COHORTS, Floats

_FEWEST_BLOCKS = 3
_PRIOR_BLOCKS = 20.0
"""Until so many blocks say otherwise, calls are held to depend on each other as is usual."""
_PRIOR_ALIKE = 0.01
"""Share of a call's variance that all calls of its block have in common."""
_PRIOR_LASTING = 0.6
"""How much of a block's load the next one has."""
_MOST_LASTING = 0.95
_TAIL = 6.0
"""A variance that few blocks tell is itself uncertain: Student's quantiles against the normal ones, far out."""


def dispersion(moved: Floats, expected: Floats, calls: Floats) -> float:
    """By what factor the variance of independent calls must be multiplied; at least 1.

    ``moved`` [B] what each block of time, in their order, moves the estimate by; ``expected`` [B] the variance of that
    if calls were independent; ``calls`` [B] of both cohorts.
    """
    some = calls > 0
    moved, calls = moved[some], calls[some]
    blocks, independent = len(moved), float(expected.sum())
    if blocks < _FEWEST_BLOCKS or independent <= 0:
        return 1.0
    excess = _excess(moved, independent, calls)
    lasting = _lasting(moved, excess * independent)
    return (1 + excess * (1 + lasting) / (1 - lasting)) * (1 + _TAIL / (blocks - 1))


def _excess(moved: Floats, independent: float, calls: Floats) -> float:
    """What blocks vary beyond independent calls, in parts of these (Kish's design effect, less one)."""
    blocks = len(moved)
    # The blocks add up to nothing, as the means are their own.
    seen = float((moved * moved).sum()) * blocks / (blocks - 1) / independent - 1
    # Of a call, how many others share its block; both cohorts have a load of their own.
    shared = float((calls * calls).sum() / calls.sum()) / COHORTS - 1
    usual = _PRIOR_ALIKE * max(0.0, shared)
    return (_PRIOR_BLOCKS * usual + blocks * max(0.0, seen)) / (_PRIOR_BLOCKS + blocks)


def _lasting(moved: Floats, excess: float) -> float:
    """The autocorrelation of what blocks have beyond independent calls, drawn to what is usual."""
    blocks = len(moved)
    seen = float((moved[1:] * moved[:-1]).sum()) / excess + 1 / blocks if excess > 0 else 0.0
    seen = min(_MOST_LASTING, max(0.0, seen))
    return (_PRIOR_BLOCKS * _PRIOR_LASTING + blocks * seen) / (_PRIOR_BLOCKS + blocks)
