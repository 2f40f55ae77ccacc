"""What a writer needs beside the record: where it goes, what is allowed, where changes count."""

from dataclasses import dataclass

from tuning.datasets.convert.options import Options
from tuning.datasets.convert.sources.fields import ConversionNotes
from tuning.datasets.convert.targets.target import Target


@dataclass(frozen=True, kw_only=True)
class Writing:
    target: Target
    options: Options
    account: ConversionNotes
