"""Records as people have them, one file of each dialect, with how many records come out of it.

None for a file from which nothing can be made as it is: the end of the road.
"""

import json


def lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def ten(record, made=10):
    """A file of ten such records, and how many are made of it."""
    return lines(*[record] * 10), made


def message(role, content, **more):
    return {"role": role, "content": content, **more}


def talk(*messages, **beside):
    return {"messages": list(messages), **beside}


def chat(*texts, roles=("user", "assistant"), **beside):
    return talk(*(message(roles[i % 2], text) for i, text in enumerate(texts)), **beside)


def shared(*said, **beside):
    """ShareGPT's, of speakers and what they say."""
    turns = [{"from": who, "value": text} for who, text in said]
    return {"conversations": turns, **beside}


def contents(*texts):
    """Gemini's."""
    roles = ("user", "model")
    return {
        "contents": [{"role": r, "parts": [{"text": t}]} for r, t in zip(roles, texts, strict=True)]
    }


def pair(number):
    return {"prompt": f"Where is order {number}?", "completion": f"On its way, number {number}."}


def call(name="look", arguments='{"where": "Rome"}', **more):
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


SCHEMA = {"type": "object", "properties": {"where": {"type": "string"}}}
TOOL = {"name": "look", "description": "Looks.", "parameters": SCHEMA}
ANSWERED = ASKED, ANSWER = chat("Hi", "Ho")["messages"]
WORSE = message("assistant", "Hm")
RAIN, DRY = chat("Rain?", "No.")["messages"]
SHARED = shared(("human", "Hi"), ("gpt", "Ho"))
SHAREGPT_TOOLS = shared(
    ("human", "Rain?"),
    ("function_call", '{"name": "look", "arguments": {"where": "Rome"}}'),
    ("observation", "sun"),
    ("gpt", "No."),
    tools=json.dumps([TOOL]),
)
OLDER_CALLS = talk(
    RAIN,
    message("assistant", None, function_call=call()["function"]),
    message("function", "sun", name="look"),
    DRY,
    functions=[TOOL],
)
TOOL_TALK = talk(
    RAIN,
    message("assistant", None, tool_calls=[call()]),
    message("tool", "sun", name="look"),
    DRY,
    tools=[{"type": "function", "function": TOOL}],
)
DIALECTS = {
    "stray.jsonl": (lines(*[chat("Q", "A")] * 15, pair(1), *[chat("Q", "A")] * 184), 199),
    "first.jsonl": (lines(pair(1), *[chat("Q", "A")] * 199), 199),
    "sharegpt-tools.jsonl": ten(SHAREGPT_TOOLS),
    "sharegpt-roles.jsonl": ten({"conversations": ANSWERED}),
    "conversation.jsonl": ten(
        {"conversation": shared(("user", "Hi"), ("model", "Ho"))["conversations"]}
    ),
    "weights.jsonl": ten(talk(ASKED, {**ANSWER, "weight": 0})),
    "names.jsonl": ten(talk({**ASKED, "name": "Ann"}, ANSWER, id=1, n=2)),
    "refusal.jsonl": ten(
        talk(message("developer", "S"), ASKED, message("assistant", None, refusal="No."))
    ),
    "nulls.jsonl": ten(
        talk(*({**m, "tool_calls": None, "name": None} for m in ANSWERED), tools=None)
    ),
    "calls-without-ids.jsonl": ten(TOOL_TALK),
    "older-calls.jsonl": ten(OLDER_CALLS),
    "reasoning.jsonl": ten(talk(ASKED, {**ANSWER, "reasoning_content": "Hm."})),
    "cohere.jsonl": ten(chat("Hi", "Ho", roles=("User", "Chatbot"))),
    "messages-a-line.jsonl": ten(ANSWERED),
    "gemini.jsonl": ten(contents("Hi", "Ho")),
    "dolly.jsonl": ten({"instruction": "a", "context": "", "response": "b", "category": "qa"}),
    "alpaca-without-output.jsonl": ten({"instruction": "a", "input": ""}, None),
    "turned.jsonl": ten({"Question": "Hi", "Answer": "Ho", "topic": "x"}),
    "nested.jsonl": ten(
        {
            "dialog": [{"speaker": "customer", "text": "Hi"}, {"speaker": "agent", "text": "Ho"}],
            "id": 7,
        }
    ),
    "senders.jsonl": ten(
        talk({"sender": "user", "text": "Hi"}, {"sender": "assistant", "text": "Ho"})
    ),
    "argilla.jsonl": ten({"id": "1", "fields": {"prompt": "Hi", "response": "Ho"}, "metadata": {}}),
    "tree.jsonl": ten({"message_id": "a", "parent_id": None, "text": "Hi"}, None),
    "reply-inside.jsonl": (
        lines(*[{"ctx": f"Where is {n}?", "reply": {"text": "Here."}, "id": n} for n in range(10)]),
        10,
    ),
    "squad.json": (
        lines(
            {"version": "1", "data": [{"title": "t", "paragraphs": [{"context": "c", "qas": []}]}]}
        ),
        None,
    ),
    "one-message.jsonl": (lines(*ANSWERED * 5), None),
    "running-text.jsonl": ten({"text": "Once upon a time."}, None),
}
PREFERENCES = {
    "dpo.jsonl": ten({"prompt": "Hi", "chosen": "Ho", "rejected": "Hm"}),
    "ultrafeedback.jsonl": ten(
        {
            "prompt": "Hi",
            "prompt_id": "7",
            "chosen": ANSWERED,
            "rejected": [ASKED, WORSE],
            "messages": ANSWERED,
            "score_chosen": 8.5,
        }
    ),
    "hh.jsonl": ten(
        {
            "chosen": "\n\nHuman: Hi\n\nAssistant: Ho",
            "rejected": "\n\nHuman: Hi\n\nAssistant: Hm",
        }
    ),
    "orca.jsonl": ten({"system": "S", "question": "Hi", "chosen": "Ho", "rejected": "Hm"}),
    "openai-dpo.jsonl": ten(
        {
            "input": talk(ASKED, parallel_tool_calls=True),
            "preferred_output": [ANSWER],
            "non_preferred_output": [WORSE],
        }
    ),
    "llama-factory-dpo.json": (
        json.dumps(
            [
                {
                    **shared(("human", "Hi")),
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
