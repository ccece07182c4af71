"""For scripts that need what another one has: their names are commands, which Python does not import."""

import importlib.machinery
import importlib.util
import pathlib


def script(name):
    """Another script of this folder, as a module."""
    path = pathlib.Path(__file__).resolve().parent / name
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
