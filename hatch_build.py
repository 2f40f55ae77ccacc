"""What the wheel holds beside the source: the checker's kernel for each platform that it can be built
for, and the functions' code, so that anyone who installs it needs neither a C compiler nor uv.

An editable install gets neither: a checkout builds what it needs when it needs it (`make setup`).
"""

import sys
from typing import Any, get_args

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Built(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from tuning.constructs import bundle, functions_code  # noqa: PLC0415 — found only now
        from tuning.datasets.kernel import build, library_name  # noqa: PLC0415 — idem

        included = build_data["force_include"]
        for machine in build.TARGETS:
            beside = f"{build.BESIDE.relative_to(self.root)}/{library_name(*machine)}"
            included[str(build.built(machine))] = beside
        for contents in get_args(functions_code.BundleContents):
            code = bundle.build_bundle("lambda", contents)
            if not code.compiled:
                self.app.display_warning(
                    f"No Python {functions_code.PYTHON} was found to compile the functions with: cold "
                    "starts will take about twice as long."
                )
            shipped = functions_code.SHIPPED.with_name(f"{contents}.zip")
            included[str(code.path)] = str(shipped.relative_to(self.root))
