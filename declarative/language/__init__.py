"""The project's files: syntax, expressions, functions, formatting.

Turns HCL text into the values and blocks that `declarative.model` describes, and reports all
errors at once with their place. May import `declarative.model` and `declarative.errors`. May
not import anything above them, nor do any input or output but reading the project's directory:
no boto3, subprocess, socket, sqlite3, typer or urllib.
"""
