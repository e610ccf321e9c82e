"""A project with settings around its function, through every command a user would give."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.e2e.places import PLACE

PROJECT = (
    """
lamform {
  project = "shop"
}

"""
    + PLACE
    + """
service "checkout" {
  function {
    function_name = "checkout"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"
  }

  artifact "local" {
    path = "src"
  }

%(around)s

  alias "live" {
%(hung)s
  }
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.main
}

output "url" {
  value = %(output)s
}
"""
)

FIRST = {
    "around": """
  reserved_concurrent_executions = 10

  url {
    auth_type = "AWS_IAM"

    cors {
      allow_origins = ["https://b.example", "https://a.example"]
      max_age       = 600
    }
  }
""",
    "hung": """
    provisioned_concurrent_executions = 2

    permission "apigw" {
      principal  = "apigateway.amazonaws.com"
      source_arn = "arn:aws:execute-api:us-east-1:123456789012:api/*"
    }
""",
    "output": "release.checkout.url.url",
}
SECOND = {
    "around": "  reserved_concurrent_executions = 20\n",
    "hung": """
    provisioned_concurrent_executions = 3

    permission "apigw" {
      principal  = "apigateway.amazonaws.com"
      source_arn = "arn:aws:execute-api:us-east-1:123456789012:other/*"
    }
""",
    "output": '"none"',
}


def declare(user, given: dict[str, str], answer: str) -> None:
    user.write("main.lamform.hcl", PROJECT % given)
    user.code(answer)


def succeed(user, *arguments: str) -> str:
    done = user.run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sources(user) -> dict[str, str]:
    found = user.aws.get_policy(FunctionName="checkout", Qualifier="live")["Policy"]
    return {
        one["Sid"]: one["Condition"]["ArnLike"]["AWS:SourceArn"]
        for one in json.loads(found)["Statement"]
    }


def reserved(user) -> int:
    found = user.aws.get_function_concurrency(FunctionName="checkout")
    return found["ReservedConcurrentExecutions"]


def warm(user) -> tuple[int, str]:
    found = user.aws.get_provisioned_concurrency_config(FunctionName="checkout", Qualifier="live")
    return found["RequestedProvisionedConcurrentExecutions"], found["Status"]


def test_settings_from_the_first_plan_to_the_revert(user) -> None:
    declare(user, FIRST, "one")
    shown = succeed(user, "plan")
    assert "permission apigw of alias live" in shown
    assert "provisioned_concurrency of alias live" in shown
    assert 'auth_type = "AWS_IAM"' in " ".join(shown.split())
    applied = user.run("apply", "--auto-approve", "--new-state")
    assert applied.returncode == 0, applied.stderr
    assert "AddPermission alias.live.permission.apigw" in applied.stdout + applied.stderr
    url = user.aws.get_function_url_config(FunctionName="checkout")
    assert url["Cors"]["AllowOrigins"] == ["https://a.example", "https://b.example"]
    assert (reserved(user), warm(user)) == (10, (2, "READY"))
    assert list(sources(user)) == ["apigw"]
    assert user.json("output")["outputs"]["url"]["value"] == url["FunctionUrl"]
    assert user.run("plan", "--detailed-exitcode").returncode == 0
    assert user.run("drift").returncode == 0

    listed = user.json("state", "list")["addresses"]
    assert "release.checkout.alias.live.permission.apigw" in listed
    [part] = user.json("state", "show", "checkout.url")["parts"]
    assert part["kind"] == "url"
    assert part["attributes"]["url"] == url["FunctionUrl"]
    [part] = user.json("state", "show", "checkout.alias.live.permission.apigw")["parts"]
    assert part["attributes"]["statement_id"] == "apigw"

    user.aws.put_function_concurrency(FunctionName="checkout", ReservedConcurrentExecutions=15)
    drifted = user.run("drift", "--json")
    assert drifted.returncode == 2
    [found] = json.loads(drifted.stdout)["findings"]
    assert found["address"] == "release.checkout.reserved_concurrency"
    assert (found["recorded"], found["observed"]) == (10, 15)

    declare(user, SECOND, "two")
    user.run("plan", "--out", "plan.json")
    assert user.run("apply", "plan.json").returncode == 0
    assert (reserved(user), warm(user)) == (20, (3, "READY"))
    [(used, source)] = sources(user).items()
    assert used.startswith("apigw-")
    assert source.endswith("other/*")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        user.aws.get_function_url_config(FunctionName="checkout")
    assert user.run("plan", "--detailed-exitcode").returncode == 0

    shown = succeed(user, "revert", "1", "--auto-approve")
    assert "revision 3" in shown.lower()
    assert (reserved(user), warm(user)) == (10, (2, "READY"))
    assert [one.endswith("api/*") for one in sources(user).values()] == [True]
    assert user.aws.get_function_url_config(FunctionName="checkout")["AuthType"] == "AWS_IAM"
    assert user.invoke("checkout") == "one"
    assert user.run("drift").returncode == 0

    assert user.run("plan", "--destroy", "--out", "end.json").returncode == 0
    assert user.run("apply", "end.json").returncode == 0
    with pytest.raises(ClientError, match="ResourceNotFound"):
        user.aws.get_function(FunctionName="checkout")
