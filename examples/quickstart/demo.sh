#!/usr/bin/env bash
# The main job, end to end, in the sandbox: no account, nothing outside this machine.
# `make demo` runs it; by hand: bash examples/quickstart/demo.sh
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=${LAMFORM_BIN:-$here/../../.venv/bin}
export PATH="$bin:$PATH"

if [[ ${1-} != "inside" ]]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cp -R "$here/." "$work"
    cd "$work"
    lamform sandbox run -- bash "$work/demo.sh" inside
    exit
fi

say() { printf '\n\n== %s\n' "$1"; }
run() {
    printf '\n$ %s\n' "$*"
    "$@"
}
# The caller's side: invoke an alias the way any client would, with the AWS SDK.
invoke() {
    python - "$1" <<'PY'
import json
import sys

import boto3

answer = boto3.client("lambda").invoke(
    FunctionName=sys.argv[1], Qualifier="live", Payload=json.dumps({"name": "Ada"})
)
print(f"{sys.argv[1]}:live (version {answer['ExecutedVersion']}) answers", end=" ")
print(answer["Payload"].read().decode())
PY
}
export PATH

say "1. A first plan: nothing exists yet"
run lamform plan

say "2. Apply it"
run lamform apply --auto-approve --new-state --message "first release"
invoke greeter-dev
invoke greeter-prod

say "3. Change memory, a tag and the code, and look at the plan"
sed -i.orig 's/EXCLAMATION = "."/EXCLAMATION = "!"/' src/app.py
sed -i.orig 's/team = "greetings"/team = "welcome"/' lamform.hcl
rm -f src/app.py.orig lamform.hcl.orig
run lamform plan --var memory=256 --out change.plan

say "4. Apply exactly that plan"
run lamform apply change.plan
invoke greeter-prod

say "5. Somebody changes production by hand; drift finds it"
python - <<'PY'
import boto3

boto3.client("lambda").update_function_configuration(FunctionName="greeter-prod", MemorySize=1024)
print("(memory of greeter-prod set to 1024 MB behind lamform's back)")
PY
status=0
run lamform drift || status=$?
test "$status" -eq 2

say "6. Go back to revision 1, with its plan"
run lamform revert 1 --auto-approve --message "back to the first release"
invoke greeter-dev
invoke greeter-prod

say "7. The next plan knows about the revert: the releases are held"
run lamform plan --var memory=256

say "8. The history"
run lamform history
