"""``lamform init``: a first project that plans, applies and answers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer

from declarative.cli.session import Session
from declarative.errors import LamformError

_PROJECT: Final = """\
# A first project. `lamform validate` checks it, `lamform plan` shows what it would do.

connector "aws" "main" {
  region = "us-east-1"
}

environment "dev" {
  type      = "PreProduction"
  variables = { greeting = "Hello" }
}

infrastructure "dev" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-1"
}

service "hello" {
  function {
    function_name = "hello-${self.environment.name}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/hello" # a role that Lambda may assume

    environment {
      variables = { GREETING = self.environment.variables.greeting }
    }
  }

  artifact "local" {
    path = "src"
  }

  alias "live" {
    description = "what callers use"
  }
}

release "hello" {
  service        = service.hello
  infrastructure = infrastructure.dev
}

output "live" {
  value = release.hello.alias.live.arn
}
"""

_CODE: Final = '''\
"""The function: says hello."""

import os


def handler(event, context):
    return {"message": f"{os.environ['GREETING']}, {event.get('name', 'world')}!"}
'''

_FILES: Final = {"lamform.hcl": _PROJECT, "src/app.py": _CODE}

_NEXT: Final = """\

Next:
  lamform validate                                         check the files
  lamform sandbox run -- lamform plan                      plan against an emulated AWS
  lamform sandbox run -- lamform apply --new-state --auto-approve
  lamform plan                                             plan against your account
                                                           (set role in lamform.hcl first)
"""


def init(context: typer.Context) -> None:
    """Write a first project into this directory; nothing that exists is overwritten."""
    session: Session = context.obj
    present = sorted(
        {
            *(name for name in _FILES if Path(name).exists()),
            *(path.name for path in Path().glob("*.lamform.hcl")),
        }
    )
    if present:
        raise LamformError.of(
            "There is a project here already",
            f"{', '.join(present)} would be overwritten, or would not fit the first project. "
            "Use an empty directory: lamform -C DIR init",
        )
    for name, content in _FILES.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content, encoding="utf-8")
    if session.json:
        session.document({"format_version": "1.0", "files": list(_FILES)})
    else:
        session.show("".join(f"Wrote {name}\n" for name in _FILES) + _NEXT)
