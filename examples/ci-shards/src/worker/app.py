"""Works on the queue it is deployed for."""

import os


def handler(event, context):
    """Say what came in."""
    return {"queue": os.environ["QUEUE"], "records": len(event.get("Records", []))}
