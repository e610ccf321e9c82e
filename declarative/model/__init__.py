"""The vocabulary as frozen values: configuration blocks, parts, plans, revisions.

May import `declarative.errors`. May not import anything else of lamform, nor anything that does
input or output: no boto3, subprocess, socket, sqlite3, typer or urllib.
"""
