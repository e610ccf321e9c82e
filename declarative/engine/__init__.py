"""Desired, recorded and observed worlds: compared, planned, applied, reverted.

The outside is reached only through the Protocols in `declarative.engine.ports` and
`backends.base`. May import `declarative.language`, `declarative.model`, `declarative.errors`
and `backends.base`. May not import boto3, botocore, subprocess, socket, sqlite3, typer, urllib
or a concrete backend.
"""
