"""The blocks of the language: one literal table, read by the check of names."""

from __future__ import annotations

from typing import Final

from declarative.language import grammar_project
from declarative.language.schema import Nested, Shape, one, shape
from declarative.model import config, project_config
from declarative.model.fields import FUNCTION
from declarative.model.fields import Shape as Holds

STRUCTURES: Final[dict[str, type[config.Config]]] = {
    "environment": config.EnvironmentField,
    "vpc_config": config.VpcField,
    "dead_letter_config": config.DeadLetterField,
    "tracing_config": config.TracingField,
    "ephemeral_storage": config.StorageField,
    "snap_start": config.SnapStartField,
    "logging_config": config.LoggingField,
    "image_config": config.ImageField,
    "file_system_configs": config.FileSystemField,
}
"""Fields of a function that may be written as a block."""

REPEATED: Final = frozenset(field.name for field in FUNCTION if field.shape is Holds.STRUCTURES)
"""Fields of a function that are a list, or a block for each element."""

_CODE = 'The code comes from the artifact: write artifact "{kind}" {{ … }} in the service.'
_ELSEWHERE: Final = {
    "code": _CODE.format(kind="s3"),
    "filename": _CODE.format(kind="local"),
    "s3_bucket": _CODE.format(kind="s3"),
    "s3_key": _CODE.format(kind="s3"),
    "s3_object_version": _CODE.format(kind="s3"),
    "image_uri": "Container images are not supported yet.",
    "source_code_hash": "lamform finds out by itself whether the code has changed; leave it out.",
    "publish": "lamform decides when a version is published: whenever code or configuration "
    "changes. Leave it out.",
    "package_type": "The package type follows from the artifact; leave it out.",
    "memory": 'The field is called "memory_size".',
    "lambda_name": 'The field is called "function_name".',
    "file_system_config": 'The block is called "file_system_configs".',
    "environment_variables": "Write environment = { variables = { … } }.",
}


def _function(*, required: bool) -> Shape:
    made = shape(
        config.FunctionConfig,
        blocks={
            name: one(shape(model), most=None if name in REPEATED else 1)
            for name, model in STRUCTURES.items()
        },
        later="durable_config tenancy_config capacity_provider_config",
        explained=_ELSEWHERE,
    )
    if required:
        return made
    attributes = dict.fromkeys(made.attributes, False)
    return Shape(attributes, made.blocks, made.later, made.explained, made.exclusive)


_ALIAS: Final = one(
    shape(
        config.AliasConfig,
        later="provisioned_concurrent_executions strategy url permission event_invoke",
    ),
    most=None,
    labels=("name",),
)

_OVERRIDE: Final = one(
    shape(
        optional="variables",
        blocks={"function": one(_function(required=False)), "alias": _ALIAS},
        later="artifact definition alias_definition url permission event_invoke",
    ),
    most=None,
    labels=("service",),
)

_ARTIFACT: Final = Nested(
    {
        "local": shape(config.LocalArtifactConfig, later="connector"),
        "s3": shape(config.S3ArtifactConfig, later="connector key_regex storage"),
    },
    ("kind",),
    most=1,
    later=frozenset({"ecr", "nexus", "artifactory", "jenkins", "custom", "http"}),
    required=True,
)

TOP: Final[dict[str, Nested]] = {
    "lamform": grammar_project.SETTINGS,
    "variable": grammar_project.VARIABLE,
    "locals": Nested({"": Shape(anything=True)}),
    "output": grammar_project.OUTPUT,
    "connector": grammar_project.CONNECTOR,
    "provisioner": grammar_project.PROVISIONER,
    "environment": grammar_project.environment(_OVERRIDE),
    "infrastructure": grammar_project.infrastructure(_OVERRIDE),
    "service": Nested(
        {
            "": shape(
                config.ServiceConfig,
                optional="variables",
                blocks={
                    "variable": one(
                        shape(
                            project_config.ServiceVariableConfig,
                            optional=grammar_project.VARIABLE_EXPRESSIONS,
                            blocks={"validation": grammar_project.VALIDATION},
                        ),
                        most=None,
                        labels=("name",),
                    ),
                    "function": Nested({"": _function(required=True)}, most=1, required=True),
                    "artifact": _ARTIFACT,
                    "alias": _ALIAS,
                },
                later="definition alias_definition primary_artifact url permission event_invoke "
                "tags_exclusive reserved_concurrent_executions code_signing_config_arn "
                "recursive_loop runtime_management",
                explained={"for_each": "A service is deployed by releases; write for_each there."},
            )
        },
        ("name",),
    ),
    "release": Nested(
        {
            "": shape(
                config.ReleaseConfig,
                required="service infrastructure",
                optional="variables depends_on for_each",
                blocks={"lifecycle": one(shape(config.LifecycleConfig, later="ignore"))},
                later="alarms bake timeout keep_versions strategy verify metric rollback "
                "precondition",
                explained={"count": "There is no count; write for_each with a map or a set."},
            )
        },
        ("name",),
    ),
    "moved": grammar_project.MOVED,
    "removed": grammar_project.REMOVED,
}
"""The blocks at the top of a file."""
