"""One file a service. Every module here that has a SERVICE is offered to the public."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from transactions.domain import service_types


def load() -> None:
    """Register the services of this folder, in the order of their file names."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        service = import_module(f"{__name__}.{module.name}").SERVICE
        if service_types.find(service.code) is None:
            service_types.register(service)
