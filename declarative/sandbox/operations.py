"""Which function of the sandbox performs which operation of Lambda's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from declarative.sandbox import (
    aliases,
    concurrency,
    functions,
    invoking,
    layers,
    mappings,
    policies,
    settings,
    signing,
    tagging,
    tags,
    urls,
    versions,
)
from declarative.sandbox.world import Answer, Asked, Call

Operation = Callable[[Call, Asked], Answer]

READS: Mapping[str, Operation] = {
    "GetAccountSettings": concurrency.get_account_settings,
    "GetAlias": aliases.get_alias,
    "GetCodeSigningConfig": signing.get_code_signing_config,
    "GetEventSourceMapping": mappings.get_event_source_mapping,
    "GetFunction": functions.get_function,
    "GetFunctionCodeSigningConfig": signing.get_function_code_signing,
    "GetFunctionConcurrency": concurrency.get_function_concurrency,
    "GetFunctionConfiguration": functions.get_function_configuration,
    "GetFunctionEventInvokeConfig": invoking.get_event_invoke,
    "GetFunctionRecursionConfig": settings.get_recursion,
    "GetFunctionUrlConfig": urls.get_function_url,
    "GetLayerVersion": layers.get_layer_version,
    "GetLayerVersionByArn": layers.get_layer_version_by_arn,
    "GetPolicy": policies.get_policy,
    "GetProvisionedConcurrencyConfig": concurrency.get_provisioned_concurrency,
    "GetResourcePolicy": policies.get_resource_policy,
    "GetResources": tagging.get_resources,
    "GetRuntimeManagementConfig": settings.get_runtime_management,
    "ListAliases": aliases.list_aliases,
    "ListCodeSigningConfigs": signing.list_code_signing_configs,
    "ListEventSourceMappings": mappings.list_event_source_mappings,
    "ListFunctionEventInvokeConfigs": invoking.list_event_invoke,
    "ListFunctionUrlConfigs": urls.list_function_urls,
    "ListFunctions": functions.list_functions,
    "ListFunctionsByCodeSigningConfig": signing.list_functions_by_code_signing_config,
    "ListLayerVersions": layers.list_layer_versions,
    "ListLayers": layers.list_layers,
    "ListProvisionedConcurrencyConfigs": concurrency.list_provisioned_concurrency,
    "ListTags": tags.list_tags,
    "ListVersionsByFunction": versions.list_versions_by_function,
}

WRITES: Mapping[str, Operation] = {
    "AddPermission": policies.add_permission,
    "CreateAlias": aliases.create_alias,
    "CreateCodeSigningConfig": signing.create_code_signing_config,
    "CreateEventSourceMapping": mappings.create_event_source_mapping,
    "CreateFunction": functions.create_function,
    "CreateFunctionUrlConfig": urls.create_function_url,
    "DeleteAlias": aliases.delete_alias,
    "DeleteCodeSigningConfig": signing.delete_code_signing_config,
    "DeleteEventSourceMapping": mappings.delete_event_source_mapping,
    "DeleteFunction": functions.delete_function,
    "DeleteFunctionCodeSigningConfig": signing.delete_function_code_signing,
    "DeleteFunctionConcurrency": concurrency.delete_function_concurrency,
    "DeleteFunctionEventInvokeConfig": invoking.delete_event_invoke,
    "DeleteFunctionUrlConfig": urls.delete_function_url,
    "DeleteLayerVersion": layers.delete_layer_version,
    "DeleteProvisionedConcurrencyConfig": concurrency.delete_provisioned_concurrency,
    "DeleteResourcePolicy": policies.delete_resource_policy,
    "PublishLayerVersion": layers.publish_layer_version,
    "PublishVersion": versions.publish_version,
    "PutFunctionCodeSigningConfig": signing.put_function_code_signing,
    "PutFunctionConcurrency": concurrency.put_function_concurrency,
    "PutFunctionEventInvokeConfig": invoking.put_event_invoke,
    "PutFunctionRecursionConfig": settings.put_recursion,
    "PutProvisionedConcurrencyConfig": concurrency.put_provisioned_concurrency,
    "PutResourcePolicy": policies.put_resource_policy,
    "PutRuntimeManagementConfig": settings.put_runtime_management,
    "RemovePermission": policies.remove_permission,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateAlias": aliases.update_alias,
    "UpdateCodeSigningConfig": signing.update_code_signing_config,
    "UpdateEventSourceMapping": mappings.update_event_source_mapping,
    "UpdateFunctionCode": functions.update_function_code,
    "UpdateFunctionConfiguration": functions.update_function_configuration,
    "UpdateFunctionEventInvokeConfig": invoking.update_event_invoke,
    "UpdateFunctionUrlConfig": urls.update_function_url,
}

AROUND = frozenset(
    {
        "CreateCodeSigningConfig",
        "CreateEventSourceMapping",
        "DeleteCodeSigningConfig",
        "DeleteEventSourceMapping",
        "DeleteFunction",
        "DeleteLayerVersion",
        "PublishLayerVersion",
        "UpdateCodeSigningConfig",
        "UpdateEventSourceMapping",
    }
)
"""Operations that change what a region has besides its functions."""
