"""Names that the contract's tests and its two worlds share."""

from emulator.emulator_settings import ACCOUNT

BUCKET = "bucket-of-the-contract"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:TrainingRun"
