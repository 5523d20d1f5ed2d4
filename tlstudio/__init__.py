"""TLStudio: transfer learning with pretrained transformers, from a labelled file to a small, proven model."""

__version__ = "0.1.0"
