"""The command line: the same recipes, runs and exports as the window, for terminals and scripts."""

from tlstudio.cli.app import main

__all__ = ["main"]
