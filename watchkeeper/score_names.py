"""What names and labels of scores say."""

from collections.abc import Mapping

_LOWER_IS_BETTER = frozenset(("complaint", "complaints"))

LABEL_VALUES: Mapping[str, float] = {
    **dict.fromkeys(("pass", "passed", "true", "yes", "good", "positive", "correct", "relevant", "thumbs_up"), 1.0),
    **dict.fromkeys(
        ("fail", "failed", "false", "no", "bad", "negative", "incorrect", "irrelevant", "thumbs_down"), 0.0
    ),
}
"""What labels without a number mean."""


def lower_is_better(name: str) -> bool:
    """Is a lower value of the score called ``name`` the better one? Of most a higher value is."""
    return name.lower() in _LOWER_IS_BETTER
