"""An environment with the stack that imports models."""

from one_recipe import reviewed_recipe

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


def reviewed_imports(place, **more):
    return reviewed_recipe(TRAINING, place, "imported", beside={"adapters": RECIPE}, **more)
