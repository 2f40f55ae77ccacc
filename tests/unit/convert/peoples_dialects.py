"""Records as people have them, one file of each dialect, with how many records come out of it.

None for a file from which nothing can be made as it is: the end of the road.
"""

import json


def lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def chat(*texts, roles=("user", "assistant"), **beside):
    turns = [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]
    return {"messages": turns, **beside}


def pair(number):
    return {"prompt": f"Where is order {number}?", "completion": f"On its way, number {number}."}


def call(name="look", arguments='{"where": "Rome"}', **more):
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


SCHEMA = {"type": "object", "properties": {"where": {"type": "string"}}}
TOOL = {"name": "look", "description": "Looks.", "parameters": SCHEMA}
ANSWERED = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
WORSE = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hm"}]
TOOL_TALK = [
    {"role": "user", "content": "Rain?"},
    {"role": "assistant", "content": None, "tool_calls": [call()]},
    {"role": "tool", "name": "look", "content": "sun"},
    {"role": "assistant", "content": "No."},
]
SHAREGPT_TOOLS = {
    "conversations": [
        {"from": "human", "value": "Rain?"},
        {"from": "function_call", "value": '{"name": "look", "arguments": {"where": "Rome"}}'},
        {"from": "observation", "value": "sun"},
        {"from": "gpt", "value": "No."},
    ],
    "tools": json.dumps([TOOL]),
}
OLDER_CALLS = {
    "messages": [
        {"role": "user", "content": "Rain?"},
        {"role": "assistant", "content": None, "function_call": call()["function"]},
        {"role": "function", "name": "look", "content": "sun"},
        {"role": "assistant", "content": "No."},
    ],
    "functions": [TOOL],
}
DIALECTS = {
    "stray.jsonl": (lines(*[chat("Q", "A")] * 15, pair(1), *[chat("Q", "A")] * 184), 199),
    "first.jsonl": (lines(pair(1), *[chat("Q", "A")] * 199), 199),
    "sharegpt-tools.jsonl": (lines(*[SHAREGPT_TOOLS] * 10), 10),
    "sharegpt-roles.jsonl": (lines(*[{"conversations": ANSWERED}] * 10), 10),
    "conversation.jsonl": (
        lines(
            *[{"conversation": [{"from": "user", "value": "Hi"}, {"from": "model", "value": "Ho"}]}]
            * 10
        ),
        10,
    ),
    "weights.jsonl": (
        lines(*[chat("a", "b") | {"messages": [*ANSWERED[:1], {**ANSWERED[1], "weight": 0}]}] * 10),
        10,
    ),
    "names.jsonl": (
        lines(*[{"messages": [{**ANSWERED[0], "name": "Ann"}, ANSWERED[1]], "id": 1, "n": 2}] * 10),
        10,
    ),
    "refusal.jsonl": (
        lines(
            *[
                {
                    "messages": [
                        {"role": "developer", "content": "S"},
                        ANSWERED[0],
                        {"role": "assistant", "content": None, "refusal": "No."},
                    ]
                }
            ]
            * 10
        ),
        10,
    ),
    "nulls.jsonl": (
        lines(
            *[
                {
                    "messages": [{**m, "tool_calls": None, "name": None} for m in ANSWERED],
                    "tools": None,
                }
            ]
            * 10
        ),
        10,
    ),
    "calls-without-ids.jsonl": (
        lines(*[{"messages": TOOL_TALK, "tools": [{"type": "function", "function": TOOL}]}] * 10),
        10,
    ),
    "older-calls.jsonl": (lines(*[OLDER_CALLS] * 10), 10),
    "reasoning.jsonl": (
        lines(*[{"messages": [ANSWERED[0], {**ANSWERED[1], "reasoning_content": "Hm."}]}] * 10),
        10,
    ),
    "cohere.jsonl": (lines(*[chat("Hi", "Ho", roles=("User", "Chatbot"))] * 10), 10),
    "messages-a-line.jsonl": (lines(*[ANSWERED] * 10), 10),
    "gemini.jsonl": (
        lines(
            *[
                {
                    "contents": [
                        {"role": "user", "parts": [{"text": "Hi"}]},
                        {"role": "model", "parts": [{"text": "Ho"}]},
                    ]
                }
            ]
            * 10
        ),
        10,
    ),
    "dolly.jsonl": (
        lines(*[{"instruction": "a", "context": "", "response": "b", "category": "qa"}] * 10),
        10,
    ),
    "alpaca-without-output.jsonl": (lines(*[{"instruction": "a", "input": ""}] * 10), None),
    "turned.jsonl": (lines(*[{"Question": "Hi", "Answer": "Ho", "topic": "x"}] * 10), 10),
    "nested.jsonl": (
        lines(
            *[
                {
                    "dialog": [
                        {"speaker": "customer", "text": "Hi"},
                        {"speaker": "agent", "text": "Ho"},
                    ],
                    "id": 7,
                }
            ]
            * 10
        ),
        10,
    ),
    "senders.jsonl": (
        lines(
            *[
                {
                    "messages": [
                        {"sender": "user", "text": "Hi"},
                        {"sender": "assistant", "text": "Ho"},
                    ]
                }
            ]
            * 10
        ),
        10,
    ),
    "argilla.jsonl": (
        lines(*[{"id": "1", "fields": {"prompt": "Hi", "response": "Ho"}, "metadata": {}}] * 10),
        10,
    ),
    "tree.jsonl": (lines(*[{"message_id": "a", "parent_id": None, "text": "Hi"}] * 10), None),
    "reply-inside.jsonl": (
        lines(*[{"ctx": f"Where is {n}?", "reply": {"text": "Here."}, "id": n} for n in range(10)]),
        10,
    ),
    "squad.json": (
        lines(
            {
                "version": "1",
                "data": [{"title": "t", "paragraphs": [{"context": "c", "qas": []}]}],
            }
        ),
        None,
    ),
    "one-message.jsonl": (lines(*ANSWERED * 5), None),
    "running-text.jsonl": (lines(*[{"text": "Once upon a time."}] * 10), None),
}
PREFERENCES = {
    "dpo.jsonl": (lines(*[{"prompt": "Hi", "chosen": "Ho", "rejected": "Hm"}] * 10), 10),
    "ultrafeedback.jsonl": (
        lines(
            *[
                {
                    "prompt": "Hi",
                    "prompt_id": "7",
                    "chosen": ANSWERED,
                    "rejected": WORSE,
                    "messages": ANSWERED,
                    "score_chosen": 8.5,
                }
            ]
            * 10
        ),
        10,
    ),
    "hh.jsonl": (
        lines(
            *[
                {
                    "chosen": "\n\nHuman: Hi\n\nAssistant: Ho",
                    "rejected": "\n\nHuman: Hi\n\nAssistant: Hm",
                }
            ]
            * 10
        ),
        10,
    ),
    "orca.jsonl": (
        lines(*[{"system": "S", "question": "Hi", "chosen": "Ho", "rejected": "Hm"}] * 10),
        10,
    ),
    "openai-dpo.jsonl": (
        lines(
            *[
                {
                    "input": {"messages": ANSWERED[:1], "parallel_tool_calls": True},
                    "preferred_output": ANSWERED[1:],
                    "non_preferred_output": WORSE[1:],
                }
            ]
            * 10
        ),
        10,
    ),
    "llama-factory-dpo.json": (
        json.dumps(
            [
                {
                    "conversations": [{"from": "human", "value": "Hi"}],
                    "chosen": {"from": "gpt", "value": "Ho"},
                    "rejected": {"from": "gpt", "value": "Hm"},
                }
            ]
            * 10
        ).encode(),
        10,
    ),
    "kto.jsonl": (lines(*[{**pair(n), "label": n % 3 > 0} for n in range(15)]), 10),
}
