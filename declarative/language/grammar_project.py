"""The blocks of the language outside services and releases, for the check of names."""

from __future__ import annotations

from typing import Final

from declarative.language.installed import BACKENDS
from declarative.language.schema import Nested, Shape, one, shape
from declarative.model import project_config as config

VALIDATION: Final = one(shape(required="condition error_message"), most=None)
PRECONDITION: Final = VALIDATION
VARIABLE_EXPRESSIONS: Final = "type default allowed_values"
"""The attributes of a variable that are expressions of their own."""

_ASSUME_ROLE: Final = one(shape(config.AssumeRoleConfig))

_BACKEND: Final = Nested(
    {
        "sqlite": shape(config.SqliteSettings),
        "memory": shape(config.MemorySettings),
        "s3": shape(config.S3Settings, blocks={"assume_role": _ASSUME_ROLE}),
    },
    ("kind",),
    most=1,
    installed=BACKENDS,
)

SETTINGS: Final = Nested(
    {
        "": shape(
            config.Settings,
            blocks={
                "backend": _BACKEND,
                "policy": one(shape(config.PolicyConfig), most=None, labels=("name",)),
            },
            acts_later="policy",
        )
    }
)

VARIABLE: Final = Nested(
    {
        "": shape(
            config.VariableConfig,
            optional=VARIABLE_EXPRESSIONS,
            blocks={"validation": VALIDATION},
            explained={"required": "A variable without default is required; leave it out."},
        )
    },
    ("name",),
)

OUTPUT: Final = Nested(
    {
        "": shape(
            config.OutputConfig,
            required="value",
            optional="depends_on",
            blocks={"precondition": PRECONDITION},
        )
    },
    ("name",),
)

_CREDENTIALS: Final = Nested(
    {
        kind: shape(model, choices=("token_file token_env issuer",) if kind == "oidc" else ())
        for kind, model in config.CREDENTIALS.items()
    },
    ("kind",),
    most=1,
)

_AWS: Final = shape(
    config.ConnectorConfig,
    optional="for_each",
    blocks={
        "credentials": _CREDENTIALS,
        "assume_role": _ASSUME_ROLE,
        "retry": one(shape(config.RetryConfig)),
    },
    explained={
        "profile": 'Write credentials "profile" { name = "…" }.',
        "access_key": 'Write credentials "static" { … }.',
        "secret_key": 'Write credentials "static" { … }.',
        "alias": "A connector has its name as its second label.",
    },
)

CONNECTOR: Final = Nested(
    {
        "aws": _AWS,
        **{kind: shape(model, optional="for_each") for kind, model in config.REMOTES.items()},
    },
    ("kind", "name"),
)


def _provisioner(kind: str, model: type[config.ProvisionerConfig]) -> Shape:
    connected = kind in {"terraform_cloud", "cloudformation"}
    return shape(
        model,
        required="connector" if connected else "",
        optional="for_each",
        choices=("script file",) if kind == "shell" else (),
    )


PROVISIONER: Final = Nested(
    {kind: _provisioner(kind, model) for kind, model in config.PROVISIONERS.items()},
    ("kind", "name"),
    acts_later=frozenset(config.PROVISIONERS),
)

_NO_FOR_EACH: Final = {
    "for_each": "An environment is one stage: write a block for each of them. Infrastructures, "
    "connectors and releases take for_each."
}


def environment(override: Nested) -> Nested:
    """Return the shape of an environment, given that of its overrides."""
    return Nested(
        {
            "": shape(
                config.EnvironmentConfig,
                optional="variables",
                blocks={"override": override},
                explained=_NO_FOR_EACH,
            )
        },
        ("name",),
    )


def infrastructure(override: Nested) -> Nested:
    """Return the shape of an infrastructure, given that of its overrides."""
    return Nested(
        {
            "": shape(
                config.InfrastructureConfig,
                required="environment connector",
                optional="variables for_each",
                blocks={"override": override, "staging": one(shape(config.StagingConfig))},
            )
        },
        ("name",),
    )


MOVED: Final = Nested({"": shape(required="from to")})

REMOVED: Final = Nested(
    {"": shape(required="from", blocks={"lifecycle": one(shape(config.RemovedLifecycle))})}
)
