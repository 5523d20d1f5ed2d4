"""The stages of a run in order, and the checks before it. Importing this package is cheap: torch comes with a run."""

from tlstudio.pipeline.checks import Checked, check, compression_notes, problems
from tlstudio.pipeline.run import compress, export, resume, run

__all__ = ["Checked", "check", "compress", "compression_notes", "export", "problems", "resume", "run"]
