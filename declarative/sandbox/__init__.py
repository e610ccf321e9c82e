"""An embedded AWS for trying and testing: real Lambda behaviour, no account.

`declarative.sandbox.server.Sandbox` serves it on loopback, `declarative.sandbox.run` runs a
command inside it, and `declarative.sandbox.simulator.LambdaSimulator` is Lambda alone, in
process. Importing any of them does not load moto.
"""
