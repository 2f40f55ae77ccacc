"""Answers of a model in a file: one JSON object a line, with the line of the prompt that it answers."""

from collections.abc import Iterable, Iterator

import msgspec

from tuning.errors import TuningError
from tuning.evaluation.records import ModelAnswer


class AnswerFileError(TuningError):
    """A file of answers that cannot be read. The message says which line and why."""


_FORM = '{"line": 1, "text": "the answer to the prompt of line 1"}'


def read_answers(lines: Iterable[bytes], *, name: str) -> Iterator[ModelAnswer]:
    """The answers of a file, as `answer_line` writes them. Raises AnswerFileError naming `name` and line."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}: line {number}"
        try:
            raw = msgspec.json.decode(line)
            answer = msgspec.convert(raw, ModelAnswer)
        except UnicodeDecodeError:
            raise AnswerFileError(f"{where}: not UTF-8; save the file as UTF-8") from None
        except msgspec.ValidationError as error:
            raise AnswerFileError(f"{where}: {error}; expected: {_FORM}") from None
        except (msgspec.DecodeError, RecursionError) as error:
            raise AnswerFileError(f"{where}: not JSON: {error}; expected: {_FORM}") from None
        if unknown := sorted(raw.keys() - set(ModelAnswer.__struct_fields__)):
            known = ", ".join(ModelAnswer.__struct_fields__)
            raise AnswerFileError(f"{where}: unknown field {unknown[0]!r}; known: {known}")
        if answer.failure is None and "text" not in raw:
            raise AnswerFileError(f'{where}: neither "text" nor "failure"; expected: {_FORM}')
        yield answer


def answer_line(answer: ModelAnswer) -> bytes:
    """The answer as a line of such a file."""
    return msgspec.json.encode(answer.to_json()) + b"\n"
