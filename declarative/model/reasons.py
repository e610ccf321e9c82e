"""Why a function is not ready or a change of it failed: one sentence of advice for each code.

Source: ``StateReasonCode`` and ``LastUpdateStatusReasonCode`` of the Lambda API. A test fails,
naming the code, when the SDK knows one that has no advice.
"""

from __future__ import annotations

from typing import Final

ADVICE: Final[dict[str, str]] = {
    "Idle": "Invoke the function once: Lambda took its resources away because nobody called it.",
    "Creating": "Wait until Lambda has created the function.",
    "Restoring": "Wait until Lambda has restored the function, which was idle.",
    "EniLimitExceeded": "Raise the account's quota of network interfaces, or use fewer subnets.",
    "InsufficientRolePermissions": "Give the function's role the permissions its settings need "
    "(for a VPC: ec2:CreateNetworkInterface and its companions).",
    "InvalidConfiguration": "Correct the settings that AWS names in the reason.",
    "InternalError": "Apply again: AWS failed, not the function.",
    "SubnetOutOfIPAddresses": "Use subnets with free addresses, or larger ones.",
    "InvalidSubnet": "Check that every subnet exists, in the function's account and region.",
    "InvalidSecurityGroup": "Check that every security group exists, in the subnets' VPC.",
    "ImageDeleted": "Push the image again, or deploy one that is in the repository.",
    "ImageAccessDenied": "Let the Lambda service read the image's repository in its policy.",
    "InvalidImage": "Build the image for Lambda, on one platform that matches `architectures`.",
    "KMSKeyAccessDenied": "Let the function's role use the KMS key (kms:Decrypt).",
    "KMSKeyNotFound": "Check the KMS key's ARN, account and region.",
    "InvalidStateKMSKey": "Use a KMS key that is enabled and not about to be deleted.",
    "DisabledKMSKey": "Enable the KMS key.",
    "EFSIOError": "Check that the file system is available and not out of throughput.",
    "EFSMountConnectivityError": "Let the function's security groups reach the file system's "
    "mount targets on port 2049.",
    "EFSMountFailure": "Check the access point, and that the role may mount it "
    "(elasticfilesystem:ClientMount).",
    "EFSMountTimeout": "Check that every subnet of the function reaches a mount target.",
    "InvalidRuntime": "Use a runtime that Lambda still supports.",
    "InvalidZipFileException": "Make the package anew: it is no zip file that can be read.",
    "FunctionError": "Read the function's log: its code failed while it was being started.",
    "ServiceQuotaExceededException": "Ask AWS for a higher quota, or delete what is not used.",
    "VcpuLimitExceeded": "Raise the account's quota of EC2 vCPUs, or use a smaller instance type.",
    "CapacityProviderScalingLimitExceeded": "Raise the capacity provider's limit of vCPUs.",
    "InsufficientCapacity": "Apply again later, or allow more instance types and zones in the "
    "capacity provider.",
    "EC2RequestLimitExceeded": "Apply again later: EC2 throttles the account.",
    "FunctionError.InitTimeout": "Make the code start faster: it exceeded the time for that.",
    "FunctionError.RuntimeInitError": "Read the function's log: the runtime could not load the "
    "code; check `handler` and the package.",
    "FunctionError.ExtensionInitError": "Read the function's log: an extension in a layer "
    "failed to start.",
    "FunctionError.InvalidEntryPoint": "Name an entry point that exists in the image "
    "(`image_config.entry_point`).",
    "FunctionError.InvalidWorkingDirectory": "Name a directory that exists in the image "
    "(`image_config.working_directory`).",
    "FunctionError.PermissionDenied": "Make the files of the package readable, and its entry "
    "point executable, for everyone.",
    "FunctionError.TooManyExtensions": "Use fewer extensions: Lambda starts ten at most.",
    "FunctionError.InitResourceExhausted": "Raise `memory_size`: starting used up all there is.",
    "DisallowedByVpcEncryptionControl": "Use subnets of a VPC whose encryption control admits "
    "Lambda.",
    "DrainingDurableExecutions": "Wait until durable executions under way have ended, or stop "
    "them.",
    "IncompatibleAcceleratorInstanceTypes": "Allow instance types in the capacity provider that "
    "have such an accelerator.",
    "DependencyError": "Check what the function depends on, which AWS names in the reason.",
}
"""Advice by reason code."""


def advice_for(reason: str) -> str:
    """Return advice for a reason as AWS gives it, ``CODE: text``; empty where there is none."""
    return ADVICE.get(reason.partition(":")[0].strip(), "")
