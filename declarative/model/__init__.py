"""The vocabulary as frozen values: configuration blocks, parts, plans, revisions.

May import `declarative.errors` and nothing else of lamform. May not do input or output of any
kind: no boto3, subprocess, socket, sqlite3, typer or urllib.
"""
