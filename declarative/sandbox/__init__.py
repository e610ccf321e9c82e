"""An embedded AWS on loopback: our own simulator of Lambda, moto for the rest.

May import `declarative.errors` and the packages below it in the layers; moto (the extra
``sandbox``) only when a sandbox starts. Nothing but `declarative.cli` may import this package,
and only lazily: the tool itself must not know whether AWS is real.
"""
