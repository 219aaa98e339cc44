"""How the monitor runs live: Faust agents around the pure monitor, the log between them, and an embedded broker.

Intake appends every input record unchanged to `log` and says how time passes; the monitor agent reads `log` from the
last checkpoint on and publishes what the monitor says. Everything that has a clock, a thread or a socket is in this folder.
"""
