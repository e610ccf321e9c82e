"""lamform: plan and apply for AWS Lambda releases.

The packages inside form layers, and imports point down only:

    cli > sandbox > render, aws, artifacts > engine > language > model > errors

Packages on one row do not import each other. State is kept by the top-level package
`backends`, which imports nothing from here. ``lint-imports`` holds all of this.

This module imports nothing, so that ``lamform --version`` is quick.
"""

__version__ = "0.1.0"
