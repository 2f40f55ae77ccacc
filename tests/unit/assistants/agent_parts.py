"""A scripted model, tools and a guardrail of an agent, which remember what was asked of them."""

import json
from dataclasses import dataclass, field
from decimal import Decimal

from answering_parts import BAD, MASK, PRICE, SECRET, judged

from tuning.assistants.agent import Agent
from tuning.assistants.agent_cost import most_of_agent
from tuning.assistants.agent_records import AgentQuestion, ModelTurn
from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_tools import AssistantTool
from tuning.assistants.tool_calls import ToolFailedError

ORDER = {
    "type": "object",
    "properties": {"order": {"type": "string"}},
    "required": ["order"],
    "additionalProperties": False,
}
LOOKS = AssistantTool(
    name="order_status", description="Looks an order up.", input_schema=ORDER, function="orders"
)
CANCELS = AssistantTool(
    name="cancel_order",
    description="Cancels an order.",
    input_schema=ORDER,
    function="cancel",
    changes=True,
)
ASKED = AgentQuestion(model="arn", system="You help.", question="Where is 7?", usd=Decimal(1))
MARK = "f00d"


def use(tool, number=1, **given):
    return {"toolUse": {"toolUseId": f"u{number}", "name": tool, "input": given}}


def turn(*blocks, stop=None, tokens=(10, 5)):
    stop = stop or ("tool_use" if any("toolUse" in each for each in blocks) else "end_turn")
    return ModelTurn(
        blocks=blocks, stop_reason=stop, input_tokens=tokens[0], output_tokens=tokens[1]
    )


def says(text, **more):
    return turn({"text": text}, **more)


@dataclass
class AgentWorld:
    """`model`: turns in order, errors among them, or a function of the request."""

    script: object = ()
    answers: dict = field(default_factory=lambda: {"order_status": '{"state": "sent"}'})
    requests: list = field(default_factory=list)
    called: list = field(default_factory=list)
    judged: list = field(default_factory=list)
    found: object = ()
    """Passages, an error, or a function of the question."""
    looked_up: list = field(default_factory=list)
    now: float = 0.0
    slow: float = 0.0

    def turn(self, _model, request, _most):
        self.requests.append(json.loads(json.dumps(request)))
        self.now += self.slow
        if callable(self.script):
            return self.script(self.requests[-1])
        given = self.script[len(self.requests) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    def call(self, tool, given, seconds):
        self.called.append((tool.name, given, seconds))
        answer = self.answers[tool.name]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find(self, question, seconds):
        self.looked_up.append((question, seconds))
        found = self.found(question) if callable(self.found) else self.found
        if isinstance(found, Exception):
            raise found
        return found

    def _judge(self, direction, text):
        self.judged.append((direction, text))
        return judged(text)

    def asked(self, text):
        return self._judge("input", text)

    def answered(self, text, *, source, question):
        assert source == question == ""
        return self._judge("output", text)

    def agent(self, *tools, **more):
        assistant = Assistant(
            name="desk",
            recipe="r",
            system_prompt="You help.",
            daily_budget=Decimal(1),
            most_output_tokens=50,
            tools=tools or (LOOKS,),
            **more,
        )
        return Agent(
            assistant=assistant,
            price=PRICE,
            guard=self,
            model=self,
            runner=self,
            finder=self,
            clock=lambda: self.now,
            draw=lambda: MARK,
        )

    def results(self):
        """What was said to the model of tools, newest last."""
        return [
            block["toolResult"]
            for block in self.requests[-1]["messages"][-1]["content"]
            if "toolResult" in block
        ]


def text_of(result):
    return result["content"][0]["text"]


__all__ = ["BAD", "MASK", "PRICE", "SECRET", "ToolFailedError", "most_of_agent"]
