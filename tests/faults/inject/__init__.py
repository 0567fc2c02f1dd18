"""Faults put into the processes under test from outside: an app that wraps functions of the portal when it starts.

Nothing of this is known to the portal. `tests.faults.inject.settings` are its settings with this app added.
"""
