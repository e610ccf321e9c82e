"""The command line: a command parses, calls, renders and exits.

`declarative.cli.main` holds the one error boundary, `declarative.cli.wiring` alone puts real
clocks, environments, AWS clients and backends behind the ports of the engine.

May import every other package; nothing else may import this one. No logic of plans or state may
live here, and boto3, rich and `declarative.sandbox` are imported only inside the functions
that need them.
"""
