"""Worded refusals: precision and recall on texts that no pattern was written for, and bounded time.

``refusals.jsonl`` holds texts written for this purpose, in two halves of different wording. Patterns are written
against the development half; the held-out half is only ever measured. A text that is wrong there is not to be mended
there: move both halves together and write a new one.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from watchkeeper_sdk.refusal_phrases import is_worded_refusal

LANGUAGES = {"en", "de", "fr", "es", "it", "pt"}
Z95 = 1.96


@dataclass(frozen=True)
class Labelled:
    split: str
    refusal: bool
    language: str
    text: str


LABELLED = [
    Labelled(**json.loads(line))
    for line in (Path(__file__).parent / "refusals.jsonl").read_text(encoding="utf-8").splitlines()
]


def half(split: str) -> list[Labelled]:
    return [labelled for labelled in LABELLED if labelled.split == split]


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """95 % interval of a share."""
    share, z2 = hits / trials, Z95 * Z95
    middle = share + z2 / (2 * trials)
    margin = Z95 * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return (middle - margin) / (1 + z2 / trials), (middle + margin) / (1 + z2 / trials)


def described(name: str, hits: int, trials: int) -> str:
    low, high = wilson(hits, trials)
    return f"{name} {hits}/{trials} = {hits / trials:.3f} (95 % Wilson {low:.3f} to {high:.3f})"


def test_the_labelled_set_is_large_varied_and_split() -> None:
    labels = Counter(labelled.refusal for labelled in LABELLED)
    assert labels[True] >= 70 and labels[False] >= 90
    assert len({labelled.text for labelled in LABELLED}) == len(LABELLED)
    for split in ("development", "held_out"):
        assert {(labelled.language, labelled.refusal) for labelled in half(split)} == {
            (language, refusal) for language in LANGUAGES for refusal in (True, False)
        }


def test_precision_and_recall_on_the_held_out_half() -> None:
    texts = half("held_out")
    flagged = [labelled for labelled in texts if is_worded_refusal(labelled.text)]
    right, refusals = sum(f.refusal for f in flagged), sum(labelled.refusal for labelled in texts)
    precision = described("precision", right, len(flagged))
    recall = described("recall", right, refusals)
    print(f"worded refusals, held-out half of {len(texts)} texts: {precision}; {recall}")
    assert right / len(flagged) >= 0.97, precision
    assert right / refusals >= 0.85, recall


def test_no_answer_of_the_development_half_is_called_a_refusal() -> None:
    texts = half("development")
    assert [labelled.text for labelled in texts if is_worded_refusal(labelled.text) and not labelled.refusal] == []
    missed = [labelled.text for labelled in texts if labelled.refusal and not is_worded_refusal(labelled.text)]
    assert len(missed) <= 2, missed


REFUSAL = "I'm sorry, but I can't help with that."


@pytest.mark.parametrize(
    "text",
    [
        f"  \n{REFUSAL}\n",
        REFUSAL.replace("'", "’"),
        REFUSAL.upper(),
        f"**{REFUSAL}**",
        f"⚠️ {REFUSAL}",
        REFUSAL.replace(" ", "\u00a0"),
        REFUSAL + " Is there anything else you need?" * 20,
        "I’m\u202fsorry, I can\u00b4t help with that",
    ],
)
def test_lettering_does_not_matter(text: str) -> None:
    assert is_worded_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        f'"{REFUSAL}"',
        f"“{REFUSAL}”",
        f"> {REFUSAL}",
        f"- {REFUSAL}",
        f"```\n{REFUSAL}\n```",
        f"<p>{REFUSAL}</p>",
        f"print('{REFUSAL}')",
        f"# the bot says {REFUSAL}",
        REFUSAL[:-1] + '," said the guard.',
        REFUSAL[:-1] + "?",
        REFUSAL + " However, the total is 12 euros.",
        REFUSAL + "\n\n1. Open the settings.\n2. Press reset.",
        REFUSAL + " Could you clarify which one you mean?",
        REFUSAL + " And so the story went on." * 60,
        "The answer is 4. " * 30 + REFUSAL,
    ],
)
def test_quotes_code_and_answers_are_no_refusals(text: str) -> None:
    assert not is_worded_refusal(text)


@pytest.mark.parametrize("thing", [None, b"I can't help with that.", 3, ["I can't help with that."]])
def test_what_is_no_text_is_no_refusal(thing: object) -> None:
    assert not is_worded_refusal(thing)


def test_time_is_bounded_whatever_the_text() -> None:
    """A pattern that backtracks without bound would take minutes over these; together they take some milliseconds."""
    beginnings = (
        "a ! \n , ' \ud800 sorry, |thanks |i understand |as an ai |as an large helpful |creating x |your request is "
        "|i cannot and will not |i can't help with such a |i can't help with that. however, i can "
        "|als ki |das kann ich |diese anfrage |ich kann |je ne peux pas |en tant que "
        "|no puedo |como modelo |non posso |come modello |não posso |como uma ia "
    )
    texts = [beginning * (size // len(beginning)) for beginning in beginnings.split("|") for size in (1_400, 100_000)]
    is_worded_refusal(REFUSAL)
    began = time.process_time()
    for text in (*texts, *(REFUSAL + text for text in texts)):
        is_worded_refusal(text)
    assert time.process_time() - began < 2
