"""Serve all simulators on one port of this machine."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import waitress

import simulators

from . import frame

Start = Callable[..., Any]


def discover() -> dict[str, ModuleType]:
    """Every module here that has an `application`, by where it is mounted."""
    modules = [
        importlib.import_module(f"{simulators.__name__}.{each.name}")
        for each in pkgutil.iter_modules(simulators.__path__)
        if each.name != "__main__"
    ]
    return {
        "/" + module.__name__.rpartition(".")[2].replace("_", "-"): module
        for module in modules
        if hasattr(module, "TITLE")
    }


def mounted(folder: Path, portal: str = "") -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    """One WSGI application of all of them, with a first page that says what this is."""
    modules = discover()
    folders = {mount: folder / mount[1:] for mount in modules}
    for own in folders.values():
        own.mkdir(parents=True, exist_ok=True)
    first = frame.application(lambda request: start_page(request, modules))

    def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        mount = "/" + path.split("/")[1]
        if mount not in modules:
            return first(environ, start_response)
        environ["SCRIPT_NAME"] += mount
        environ["PATH_INFO"] = path[len(mount) :] or "/"
        environ["simulators.folder"], environ["simulators.portal"] = folders[mount], portal
        return modules[mount].application(environ, start_response)

    for mount, module in modules.items():
        if hasattr(module, "background"):
            threading.Thread(target=module.background, args=(folders[mount], portal), daemon=True).start()
    return application


def start_page(request: frame.Request, modules: dict[str, ModuleType]) -> frame.Answer:
    """What there is, in both languages."""
    if request.path != "/":
        return frame.missing(request)
    rows = "".join(f'<li><a href="{mount}/">{frame.both(*module.TITLE)}</a></li>' for mount, module in modules.items())
    words = frame.both(
        "تُجيب هذه الصفحات البوابةَ التجريبية بدلًا من الجهات الخارجية. لا يصل شيء مما يُكتب هنا إلى أي جهة.",
        "They answer the demonstration portal in place of outside bodies. Nothing typed here reaches any of them.",
    )
    return frame.page(request, ("الجهات الخارجية", "Outside bodies"), f"<p>{words}</p><ul>{rows}</ul>")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulators", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument("--folder", type=Path, required=True, help="where they keep what they were told")
    parser.add_argument("--portal", default="", help="where the portal answers, for webhooks")
    options = parser.parse_args()
    application = mounted(options.folder, options.portal.rstrip("/"))
    waitress.serve(application, host="127.0.0.1", port=options.port, threads=8, ident="simulators")


if __name__ == "__main__":
    main()
