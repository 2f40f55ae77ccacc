"""An environment with the stack that imports models."""

from one_recipe import synthesized_with

TRAINING = """
    description = "What an environment has always."
    base_model = "meta.llama3-3-70b-instruct-v1:0:128k"
"""
RECIPE = """
    method = "IMPORT"
    description = "Adapters of a Llama that somebody trained."
    base = "llama-3.1-8b"
    architecture = "LlamaForCausalLM"
"""


def synthesized_imports(place, **more):
    """The folder of its templates."""
    return synthesized_with(TRAINING, place, "imported", beside={"adapters": RECIPE}, **more)
