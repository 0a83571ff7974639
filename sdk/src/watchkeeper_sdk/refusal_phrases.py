"""Is an answer a refusal in words: a local check, off unless the application asks for it.

A provider that refuses through its own channel says so in the finish reason; a model that writes "I can't help
with that" ends with an ordinary stop. This check reads the beginning of such an answer and nothing leaves it but a
yes or a no.

It prefers to miss a refusal over calling an answer one: only a refusal *of the request*, in the first person, at
the very beginning (after apologies and the like) counts, and an answer given all the same cancels it. A text that
was asked for and happens to be a refusal (a translation, a reply for a support desk) cannot be told apart unless
it is quoted, addressed to somebody or in code.
"""

from __future__ import annotations

import re
from typing import Final

from watchkeeper_sdk.refusal_wordings import wordings
from watchkeeper_sdk.refusal_wordings.wording import Wording

_LOOKED_AT: Final = 400
"""Characters at the beginning that decide; they also bound the time."""

_LONGEST: Final = 1_500
"""Characters of a whole answer; one that goes on for longer does something for the user all the same."""

_MOST_OPENERS: Final = 5
"""Greeting, thanks, sympathy, apology, who I am: no refusal was seen to need more before it."""

_ONE_LETTERING: Final = str.maketrans({**dict.fromkeys("’‘ʼ´`", "'"), **dict.fromkeys("*#", "")})
_DECORATION: Final = re.compile(r"[^\w\n\"'“„«»‹>{}\[\](<—–/-]+")
_SPACES: Final = re.compile(r"[^\S\n]+")
_SENTENCE_END: Final = re.compile(r"[.!?](?=\W|$)|\n")
_QUOTE_CLOSES: Final = re.compile(r"[.,!?]?[\"”“»›]")
_NUMBERED_STEPS: Final = re.compile(r"\n ?1[.)] ")


def is_worded_refusal(text: object) -> bool:
    """Whether ``text`` begins by refusing the request, in English, German, French, Spanish, Italian or Portuguese.

    Looks at the first 400 characters of answers of up to 1,500; a longer one is not called a refusal. False when in
    doubt and for whatever is not a text. Never raises.
    """
    if not isinstance(text, str):
        return False
    text = text.strip()
    if len(text) > _LONGEST:
        return False
    opening = text[:_LOOKED_AT]
    if "```" in opening:
        return False
    plain = _plain(opening)
    return any(_refuses(plain, wording) for wording in wordings())


def _plain(opening: str) -> str:
    """Lower case, one kind of apostrophe, single spaces, no Markdown emphasis, no emoji in front."""
    lettered = _SPACES.sub(" ", opening.translate(_ONE_LETTERING).lower())
    decoration = _DECORATION.match(lettered)
    return lettered[decoration.end() :] if decoration else lettered


def _refuses(text: str, wording: Wording) -> bool:
    start = _after_openers(text, wording)
    sentence_end = _end_of_sentence(text, start)
    sentence = text[start:sentence_end]
    refusal = _refusal(sentence, wording)
    if refusal is None or wording.personal.search(sentence) or text[sentence_end : sentence_end + 1] == "?":
        return False
    rest = text[start + refusal.end() :]
    return not (_QUOTE_CLOSES.match(rest) or _NUMBERED_STEPS.search(rest) or wording.answers_anyway.search(rest))


def _refusal(sentence: str, wording: Wording) -> re.Match[str] | None:
    refusal = wording.refuses.match(sentence)
    if refusal is not None:
        return refusal
    withheld = wording.withholds.match(sentence)
    return withheld if withheld is not None and wording.grave.search(sentence) else None


def _after_openers(text: str, wording: Wording) -> int:
    """Where the first clause begins that is no apology, greeting, thanks or the like."""
    position = 0
    for _ in range(_MOST_OPENERS):
        opener = wording.opener.match(text, position)
        if opener is None:
            break
        position = opener.end()
    return position


def _end_of_sentence(text: str, start: int) -> int:
    end = _SENTENCE_END.search(text, start)
    return end.start() if end else len(text)
