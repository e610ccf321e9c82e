"""An embedded AWS for trying and testing: real Lambda behaviour, no account.

`declarative.sandbox.server.Sandbox` serves it on loopback, `declarative.sandbox.run` runs a
command inside it, and `declarative.sandbox.simulator.LambdaSimulator` is Lambda alone, in
process. Importing any of them does not load moto. Only ``cli`` may import this package, and
only when asked for a sandbox; it may not import what it imitates, the engine or ``aws``.
"""
