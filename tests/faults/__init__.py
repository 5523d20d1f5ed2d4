"""Faults of the machine while a run is going on: what is lost, and whether it goes on afterwards."""
