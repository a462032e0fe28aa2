"""Phalanx plugins in Python: template, context, log and the rest, with dicts and exceptions.

Each module works on one interface of the contract, which the world in `wit/plugin.wit` must import.
"""
