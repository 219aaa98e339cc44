"""What people hear: the alert book (pure), and the sinks that carry its records out.

`types` names what may be told, `severity` says how bad it is, `lifecycle` keeps the open alerts and writes a record for
each change, `records` is the record itself. `incidents` says which alerts belong together, `storms` what is not told one
by one. `sinks` is the edge; everything else here is a function of its arguments.
"""
