"""`tuning evaluate QUESTIONS --assistant NAME`: what is found in an assistant's documents, and what it made of that."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tuning.assistants.assistant import KnowledgeBase
from tuning.assistants.assistant_files import load_assistant
from tuning.assistants.document_changes import folder_of
from tuning.assistants.passages import near_enough
from tuning.assistants.question_sets import (
    AnswerToQuestion,
    DocumentQuestion,
    DocumentScores,
    JudgedQuestion,
    read_answers_to_questions,
    read_document_questions,
)
from tuning.aws.clients import Clients, clients
from tuning.aws.retrieval import KnowledgeBaseRetriever
from tuning.cli.assistant_places import outputs_of_assistants
from tuning.cli.chosen_recipe import nearest_folder
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, print_json, say
from tuning.errors import OptionError, nearest
from tuning.pascal_case import pascal
from tuning.reports.visible_text import printable, visible

_BASES = "KnowledgeBaseOf"
"""How the outputs begin that name knowledge bases."""


def evaluate_assistant(
    named: Path, questions: Path | None, answers: Path | None, environment: str | None, shown: Shown
) -> Exit:
    """Raises OptionError, AssistantError and AccountError."""
    if questions is None or environment is None:
        raise OptionError("--assistant: give the file of QUESTIONS, and --environment")
    file = _file(named)
    knows = load_assistant(file).knowledge_base
    if knows is None:
        raise OptionError(f"{file}: has no [knowledge_base], so there is nothing to find")
    asked = read_document_questions(questions)
    said = _answers(answers, file.stem, asked) if answers else [None] * len(asked)
    client = clients(None)
    base = _base(client, file.stem, environment)
    retriever = KnowledgeBaseRetriever(
        knowledge_base=base,
        assistant=file.stem,
        passages=knows.passages,
        rerank=knows.rerank,
        client=client,
    )
    scores = DocumentScores(
        questions=tuple(
            _found(each, answer, retriever, knows) for each, answer in zip(asked, said, strict=True)
        ),
        without_reranking=_without_reranking(asked, retriever, knows) if knows.rerank else None,
    )
    _show(file.stem, scores, shown)
    return Exit.DONE if scores.passed else Exit.REFUSED


def _file(named: Path) -> Path:
    """A file, or a name in the next folder `assistants`."""
    if named.suffix == ".toml" or named.parent != Path():
        return named
    folder = nearest_folder("assistants") or Path.cwd() / "assistants"
    return folder / f"{named}.toml"


def _answers(
    path: Path, assistant: str, asked: Sequence[DocumentQuestion]
) -> list[AnswerToQuestion]:
    found = read_answers_to_questions(path, folder_of(assistant))
    if len(found) != len(asked):
        raise OptionError(
            f"{path}: {len(found)} answers to {len(asked)} questions; give one per line, in their order"
        )
    return found


def _base(client: Clients, assistant: str, environment: str) -> str:
    outputs = outputs_of_assistants(client, environment)
    wanted = pascal(assistant)
    known = sorted(each.removeprefix(_BASES) for each in outputs if each.startswith(_BASES))
    if wanted not in known:
        there = f"these have: {', '.join(known)}" if known else "no assistant there has any"
        raise OptionError(
            f"--assistant {assistant}: {environment} has no assistant of this name with documents{nearest(wanted, known)}; {there}"
        )
    return outputs[f"{_BASES}{wanted}"]


def _found(
    asked: DocumentQuestion,
    answer: AnswerToQuestion | None,
    retriever: KnowledgeBaseRetriever,
    knows: KnowledgeBase,
) -> JudgedQuestion:
    mine = folder_of(retriever.assistant)
    near = near_enough(retriever.retrieve(asked.question), knows)
    found = tuple(each.below(mine) for each in near)
    return JudgedQuestion(asked=asked, found=found, answer=answer)


def _without_reranking(
    asked: Sequence[DocumentQuestion], retriever: KnowledgeBaseRetriever, knows: KnowledgeBase
) -> DocumentScores:
    """Whatever the scores are: `least_score` is of the reranker's."""
    plain, any_score = replace(retriever, rerank=None), replace(knows, least_score=0.0)
    return DocumentScores(questions=tuple(_found(each, None, plain, any_score) for each in asked))


def _show(assistant: str, scores: DocumentScores, shown: Shown) -> None:
    if shown == "json":
        print_json({"assistant": assistant, **scores.to_json()}, indent=2)
        return
    counts = scores.to_json()
    lines = [
        f"{assistant}: {counts['as_expected']} of {counts['questions']} questions as expected",
        f"found: {_share(scores.hit_rate)} of those that a document answers, reciprocal rank {_share(scores.reciprocal_rank)}",
        f"not known: {_share(scores.not_known)} of those that none answers",
    ]
    if plain := scores.without_reranking:
        rates = f"{_share(plain.hit_rate)}, reciprocal rank {_share(plain.reciprocal_rank)}"
        lines.insert(2, f"found without reranking: {rates}")
    if counts["answered"]:
        lines.append(f"supported by the cited passages: {_share(scores.faithfulness)} (by words)")
    lines += [
        f"  line {each.asked.line}: {_why(each)}: {visible(each.asked.question)}"
        for each in scores.failed
    ]
    print("\n".join(map(printable, lines)))  # noqa: T201 — output
    say("as expected" if scores.passed else "not as expected")


def _why(failed: JudgedQuestion) -> str:
    if not failed.asked.documents:
        return (
            "answered, although no document answers it" if failed.answer else "something was found"
        )
    if failed.rank is None:
        return "no document with the answer was found"
    outcome = failed.answer.outcome if failed.answer else ""
    return f"found at {failed.rank}, and not cited ({outcome})"


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
