"""What every other package builds on: no torch, no Qt, imported in milliseconds."""
