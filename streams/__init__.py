"""How it runs: the monitor that joins the rooms, its drivers, the engine on Kafka, and the command line."""
