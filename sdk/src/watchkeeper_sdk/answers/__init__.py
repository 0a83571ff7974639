"""Reading what providers answer: response objects, their dict forms, and streams of chunks."""

from __future__ import annotations

from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.recognise import read_answer
from watchkeeper_sdk.answers.stream import AnswerStream

__all__ = ["Answer", "AnswerStream", "read_answer"]
