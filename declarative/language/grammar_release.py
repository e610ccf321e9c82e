"""The blocks of services and releases, for the check of names and for reading them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from declarative.language.grammar_project import VALIDATION, VARIABLE_EXPRESSIONS
from declarative.language.schema import Nested, Shape, one, shape
from declarative.model import artifact_config, config, project_config
from declarative.model import release_config as release
from declarative.model.fields import FUNCTION as FIELDS
from declarative.model.fields import Field
from declarative.model.fields import Shape as Holds

_STRUCTURES: Final[dict[str, type[config.Config]]] = {
    "environment": config.EnvironmentField,
    "vpc_config": config.VpcField,
    "dead_letter_config": config.DeadLetterField,
    "tracing_config": config.TracingField,
    "ephemeral_storage": config.StorageField,
    "snap_start": config.SnapStartField,
    "logging_config": config.LoggingField,
    "image_config": config.ImageField,
    "file_system_configs": config.FileSystemField,
    "durable_config": config.DurableField,
    "tenancy_config": config.TenancyField,
    "capacity_provider_config": config.CapacityProviderField,
    "runtime_config": config.RuntimeField,
    "accelerator_config": config.AcceleratorField,
}
_INNER: Final[dict[str, dict[str, type[config.Config]]]] = {
    "capacity_provider_config": {
        "lambda_managed_instances_capacity_provider_config": config.ManagedInstancesField
    },
    "file_system_configs": {"s3_files_config": config.S3FilesField},
}
_REPEATED: Final = frozenset(field.name for field in FIELDS if field.shape is Holds.STRUCTURES)
_BY_NAME: Final = {field.name: field for field in FIELDS}

_CODE = 'The code comes from the artifact: write artifact "{kind}" {{ … }} in the service.'
_ELSEWHERE: Final = {
    "code": _CODE.format(kind="s3"),
    "filename": _CODE.format(kind="local"),
    "s3_bucket": _CODE.format(kind="s3"),
    "s3_key": _CODE.format(kind="s3"),
    "s3_object_version": _CODE.format(kind="s3"),
    "image_uri": _CODE.format(kind="ecr"),
    "source_code_hash": "lamform finds out by itself whether the code has changed; leave it out.",
    "publish": "lamform decides when a version is published: whenever code or configuration "
    "changes. Leave it out.",
    "package_type": "The package type follows from the artifact; leave it out.",
    "memory": 'The field is called "memory_size".',
    "lambda_name": 'The field is called "function_name".',
    "environment_variables": "Write environment = { variables = { … } }.",
    "reserved_concurrent_executions": "It is a setting of the service, beside its function.",
    "code_signing_config_arn": "It is a setting of the service, beside its function.",
}


def _spellings(fields: tuple[Field, ...]) -> dict[str, str]:
    """Return what to say of a field's name in the AWS provider's or the API's spelling."""
    return {
        spelling: f'The field is called "{field.name}".'
        for field in fields
        for spelling in (field.provider, field.api)
        if spelling and spelling != field.name
    }


def _structure(name: str, model: type[config.Config]) -> Nested:
    field = _BY_NAME[name]
    inside = {
        inner: one(shape(made, explained=_spellings(within.fields)))
        for within in field.fields
        for inner, made in _INNER.get(name, {}).items()
        if inner == within.name
    }
    shaped = shape(model, blocks=inside, explained=_spellings(field.fields))
    return one(shaped, most=None if name in _REPEATED else 1)


FUNCTION: Final = shape(
    config.FunctionConfig,
    blocks={name: _structure(name, model) for name, model in _STRUCTURES.items()},
    explained={**_spellings(FIELDS), **_ELSEWHERE},
)
"""``function`` of a service."""


def _over(full: Shape) -> Shape:
    """Return the shape of a block that is laid over another: nothing in it must be written."""
    blocks = {
        name: nested
        if name in full.exclusive
        else replace(
            nested,
            shapes={kind: _over(inner) for kind, inner in nested.shapes.items()},
            required=False,
        )
        for name, nested in full.blocks.items()
    }
    return replace(
        full,
        attributes=dict.fromkeys(full.attributes, False),
        blocks=blocks,
        choices=(),
        alternatives=(*full.choices, *full.alternatives),
    )


_SETTINGS: Final = {
    "url": one(shape(release.UrlConfig, inside={"cors": one(shape(release.CorsConfig))})),
    "permission": one(shape(release.PermissionConfig), most=None, labels=("id",)),
    "event_invoke": one(shape(release.EventInvokeConfig)),
}
_STRATEGY: Final = one(shape(release.StrategyConfig))

SERVICE_SETTINGS: Final = shape(
    release.ServiceSettings,
    inside={**_SETTINGS, "runtime_management": one(shape(release.RuntimeManagementConfig))},
)
"""What surrounds the function, written beside it."""

ALIAS: Final = shape(
    release.AliasConfig,
    inside={**_SETTINGS, "strategy": _STRATEGY},
)
"""``alias`` of a service."""

_CONNECTED: Final = frozenset({"nexus", "artifactory", "jenkins"})
_LATER_IN_ARTIFACTS: Final = {"s3": "connector key_regex storage", "ecr": "connector tag_regex"}

ARTIFACTS: Final = {
    kind: shape(
        model,
        required="connector" if kind in _CONNECTED else "",
        optional="" if kind in {"local", "custom"} else "connector",
        choices=(" ".join(artifact_config.ALTERNATIVES[kind]),)
        if kind in artifact_config.ALTERNATIVES
        else (),
        acts_later=_LATER_IN_ARTIFACTS.get(kind, ""),
        explained={"connector": "Files beside the project need no connector."}
        if kind == "local"
        else {},
    )
    for kind, model in artifact_config.ARTIFACTS.items()
}
"""``artifact`` of a service, by kind."""

_ARTIFACT: Final = Nested(
    ARTIFACTS,
    ("kind",),
    extra_label="name",
    required=True,
    acts_later=frozenset(ARTIFACTS) - {"local", "s3", "ecr"},
)

DEFINITION: Final = shape(
    release.DefinitionConfig,
    inside={
        "git": one(
            shape(
                release.GitDefinition,
                required="connector",
                choices=("branch tag commit",),
            )
        ),
        "s3": one(shape(release.S3Definition, optional="connector")),
    },
    choices=("file inline git s3",),
)
"""``definition`` and ``alias_definition``."""

_PARTS: Final = {
    "function": one(FUNCTION),
    "definition": one(DEFINITION),
    "artifact": _ARTIFACT,
    "alias": one(ALIAS, most=None, labels=("name",)),
    "alias_definition": one(DEFINITION, most=None),
    **SERVICE_SETTINGS.blocks,
}

_VARIABLE: Final = one(
    shape(
        project_config.ServiceVariableConfig,
        optional=VARIABLE_EXPRESSIONS,
        blocks={"validation": VALIDATION},
    ),
    most=None,
    labels=("name",),
)

_LATER: Final = " ".join((*SERVICE_SETTINGS.acts_later, "definition", "alias_definition"))

SERVICE: Final = Nested(
    {
        "": shape(
            release.ServiceConfig,
            release.ServiceSettings,
            optional="variables",
            inside={"variable": _VARIABLE, **_PARTS},
            choices=("function definition",),
            acts_later=_LATER,
            explained={"for_each": "A service is deployed by releases; write for_each there."},
        )
    },
    ("name",),
)

OVERRIDE: Final = one(
    _over(
        shape(
            release.ServiceSettings,
            optional="variables",
            inside=_PARTS,
            acts_later=_LATER,
        )
    ),
    most=None,
    labels=("service",),
)
"""``override`` of an environment or an infrastructure."""

VERIFY: Final = shape(release.VerifyConfig, required="condition")
"""``verify`` of a release."""

CONTENT: Final = shape(
    release.ReleaseConfig,
    inside={
        "strategy": _STRATEGY,
        "verify": one(VERIFY, most=None),
        "metric": one(shape(release.MetricConfig), most=None),
        "rollback": one(shape(release.RollbackConfig)),
        "lifecycle": one(
            shape(
                release.LifecycleConfig,
                inside={"ignore": one(shape(release.IgnoreConfig), most=None)},
                acts_later="ignore",
            )
        ),
    },
    acts_later="alarms bake keep_versions verify metric rollback",
)
"""What a release says about itself: all that is evaluated into its model."""

RELEASE: Final = Nested(
    {
        "": replace(
            CONTENT,
            attributes={
                **CONTENT.attributes,
                **dict.fromkeys(("service", "infrastructure"), True),
                **dict.fromkeys(("variables", "depends_on", "for_each"), False),
            },
            blocks={**CONTENT.blocks, "precondition": VALIDATION},
            explained={"count": "There is no count; write for_each with a map or a set."},
        )
    },
    ("name",),
)
