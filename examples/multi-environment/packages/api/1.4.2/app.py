"""The shop's api."""


def handler(event, context):
    """Answer with the version that runs."""
    return {"version": "1.4.2"}
