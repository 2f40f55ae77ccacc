"""AWS on a laptop: an emulated account that the stacks deploy to and the flow runs in.

MiniStack does the work, in an environment of its own; `emulator.extensions` closes the gaps it
has, and `emulator.bedrock` is the model customization control plane. Nothing here trains a model.
"""

from emulator.emulator_settings import EmulatorSettings
from emulator.instance import Instance, running

__all__ = ["EmulatorSettings", "Instance", "running"]
