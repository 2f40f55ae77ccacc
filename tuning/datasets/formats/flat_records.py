"""Flat records: prompt/completion, image captions, raw text for continued pre-training.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-prepare.html
"""

from typing import Any

from tuning.datasets.formats import media_blocks as media
from tuning.datasets.formats.known_keys import CAPTION_KEYS, PAIR_KEYS, TEXT_KEYS
from tuning.datasets.formats.markers import marks
from tuning.datasets.formats.walk import Walk
from tuning.models.catalog import Method


def check_prompt_completion(record: dict[str, Any], method: Method, walk: Walk) -> None:
    walk.keys(record, "", PAIR_KEYS)
    if "prompt" in record:
        text = walk.text(record["prompt"], "prompt")
        marks(text, "prompt", method, walk, answer=False)
        walk.prompt = [text or ""]
    if "completion" in record:
        text = walk.text(record["completion"], "completion")
        marks(text, "completion", method, walk, answer=True)
        walk.answer = [text or ""]


def check_image_caption(record: dict[str, Any], method: Method, walk: Walk) -> None:
    walk.keys(record, "", CAPTION_KEYS)
    low, high = method.caption_chars or (0, None)
    if "image-ref" in record:
        media.address(record["image-ref"], "image-ref", walk)
        walk.prompt.append(str(record["image-ref"]))
    if "caption" in record and walk.is_a(caption := record["caption"], str, "caption"):
        if low and caption.strip() == "":
            walk.text(caption, "caption")
        elif len(caption) < low or (high is not None and len(caption) > high):
            walk.fault(
                "DS609",
                f"{len(caption):,} characters; the service takes {low} to {high}",
                "caption",
            )
        walk.prompt.append(caption)  # an image may have several captions: no answer to contradict


def continued_pre_training(record: dict[str, Any], _method: Method, walk: Walk) -> None:
    walk.keys(record, "", TEXT_KEYS)
    if "input" in record:
        walk.prompt = [walk.text(record["input"], "input") or ""]
