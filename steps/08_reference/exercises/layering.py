"""What the learner's import contracts say to imports that are planted into the app.

Runs in the app's process. Nothing here judges: the expected values stay with the tests.
"""

import contextlib
import io
from copy import deepcopy
from typing import Any

import grimp
from importlinter.application.app_config import settings
from importlinter.application.use_cases import create_report, read_user_options
from importlinter.configuration import configure
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import registry

Import = list[str]
"""Who imports, and what."""

CONTRACTS = ".importlinter"
KINDS = (
    AcyclicSiblingsContract,
    ForbiddenContract,
    IndependenceContract,
    LayersContract,
    ProtectedContract,
)


class Planted:
    """Builds the graph of the app once, and gives it out with more imports than there are."""

    def __init__(self) -> None:
        self.imports: list[Import] = []
        self.graphs: dict[str, grimp.ImportGraph] = {}

    def build(
        self,
        root_package_names: list[str],
        cache_dir: object = None,
        *,
        include_external_packages: bool = False,
        exclude_type_checking_imports: bool = False,
    ) -> grimp.ImportGraph:
        options = {
            "include_external_packages": include_external_packages,
            "exclude_type_checking_imports": exclude_type_checking_imports,
        }
        key = repr([root_package_names, options])
        if key not in self.graphs:
            self.graphs[key] = grimp.build_graph(*root_package_names, cache_dir=None, **options)
        graph = deepcopy(self.graphs[key])
        for importer, imported in self.imports:
            if not imported.startswith("app.") and not include_external_packages:
                continue  # what is not looked at is not seen
            for name in (importer, imported):
                if name not in graph.modules:
                    graph.add_module(name)
            graph.add_import(
                importer=importer,
                imported=imported,
                line_number=1,
                line_contents=f"import {imported}",
            )
        return graph


def broken(plants: dict[str, list[Import]]) -> dict[str, Any]:
    """For each plant the names of the contracts that it breaks; under ``error`` what went wrong."""
    found: dict[str, Any] = {"error": ""}
    configure()
    for kind in KINDS:
        registry.register(kind, kind.type_name)
    planted = settings.GRAPH_BUILDER = Planted()
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            for plant, imports in plants.items():
                planted.imports = imports
                report = create_report(read_user_options(CONTRACTS), cache_dir=None)
                for name, error in report.invalid_contract_options.items():
                    found["error"] = f"{name}: {error.errors}"
                checks = report.get_contracts_and_checks()
                found[plant] = [contract.name for contract, check in checks if not check.kept]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the learner's file
            found["error"] = f"{type(error).__name__}: {error}"
    return found
