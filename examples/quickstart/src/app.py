"""The whole of the service: it greets whoever calls."""

import os

EXCLAMATION = "."


def handler(event, context):
    """Answer with a greeting of this stage."""
    name = event.get("name", "world")
    return f"{os.environ['GREETING']}, {name}{EXCLAMATION}"
