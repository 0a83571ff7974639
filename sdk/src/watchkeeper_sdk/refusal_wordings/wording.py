"""What one language needs for its worded refusals to be recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol


class Language(Protocol):
    """The module of one language: the patterns of :class:`Wording` as texts."""

    OPENER: str
    REFUSES: str
    WITHHOLDS: str
    GRAVE: str
    PERSONAL: str
    ANSWERS_ANYWAY: str


@dataclass(frozen=True, slots=True)
class Wording:
    """Patterns over lower-case text with straight apostrophes and single spaces.

    They are matched against at most a few hundred characters; no unbounded repetition holds another one.
    """

    opener: re.Pattern[str]
    """What politely stands before a refusal and refuses nothing itself; ends where the next clause begins."""

    refuses: re.Pattern[str]
    """A clause that refuses the request, whatever it was about; matched at the start of the clause."""

    withholds: re.Pattern[str]
    """A clause that says something is not given: a refusal only where the sentence also names a grave matter."""

    grave: re.Pattern[str]
    """Words for harmful, unlawful or private matters, for rules and prohibitions; searched in the sentence."""

    personal: re.Pattern[str]
    """Words that make "I cannot" a matter of time, precision or missing input, hence no refusal; searched likewise."""

    answers_anyway: re.Pattern[str]
    """Words after the refusal by which an answer begins all the same, or a question back."""

    @classmethod
    def of(cls, language: Language) -> Wording:
        """The wording from the texts of its patterns."""
        texts = (
            language.OPENER,
            language.REFUSES,
            language.WITHHOLDS,
            language.GRAVE,
            language.PERSONAL,
            language.ANSWERS_ANYWAY,
        )
        return cls(*map(re.compile, texts))
