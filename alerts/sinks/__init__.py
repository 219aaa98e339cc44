"""The edge of the alerts: each sink carries records to one place outside. Only here do alerts touch files."""
