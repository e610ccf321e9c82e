"""AWS behind the ports of the engine: sessions, Lambda calls, quotas, permissions.

May import `declarative.engine` (its ports) and what lies below it, and boto3 lazily. May not
import `declarative.render` or `declarative.artifacts`, nor read the clock or the environment:
both are arguments.
"""
