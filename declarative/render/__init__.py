"""One neutral view of a plan, a drift report or a history, and its writers.

A view is computed first and written second; each writer escapes for its own format. May
import `declarative.engine` and what lies below it. May not import boto3, botocore, a
concrete backend, `declarative.aws` or `declarative.artifacts`: rendering asks nobody anything.
"""
