"""Sends each request to the service it is meant for: Lambda, STS, moto, or the sandbox itself.

Below ``/_sandbox/`` tests in other processes find what they would use in this one:

    GET    /_sandbox/calls          {"operations": {...}, "groups": {...}}
    POST   /_sandbox/reset-calls
    POST   /_sandbox/faults         the parameters of `Faults.add`
    DELETE /_sandbox/faults
    POST   /_sandbox/refuse         the parameters of `Conditions.refuse`
    POST   /_sandbox/deny           the parameters of `Conditions.deny`
    POST   /_sandbox/withhold       the parameters of `Conditions.withhold`
    DELETE /_sandbox/conditions
    POST   /_sandbox/idle           the parameters of `LambdaSimulator.let_idle`
    POST   /_sandbox/behaviour      attributes of `Behaviour`; so, too, limits and timing
    GET    /_sandbox/code/DIGEST    the deployment package, as GetFunction's Location says
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from declarative.errors import RemoteError
from declarative.sandbox.errors import AnswerLostError, NoAnswerError, ServiceError
from declarative.sandbox.identity import OPERATIONS, Identities, read_form
from declarative.sandbox.messages import Request, Response
from declarative.sandbox.routes import DATES, read_request
from declarative.sandbox.simulator import LambdaSimulator
from declarative.sandbox.tagging import asks_for_functions
from declarative.sandbox.world import DEFAULT_REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from declarative.sandbox.conditions import Behaviour, Limits, Timing
    from declarative.sandbox.others import OtherServices
    from declarative.sandbox.world import Answer

_JSON = ("Content-Type", "application/json")
_XML = ("Content-Type", "text/xml")


class FrontDesk:
    """Answers requests; safe for threads."""

    def __init__(
        self, simulator: LambdaSimulator, identities: Identities, others: OtherServices
    ) -> None:
        self._simulator = simulator
        self._identities = identities
        self._others = others

    def answer(self, request: Request) -> Response:
        """Return the answer to one request, whatever it is."""
        if request.target.startswith("/_sandbox/"):
            return self._control(request)
        key, region, service = request.signer() or (None, DEFAULT_REGION, None)
        if service == "lambda" or (service is None and request.target.split("/", 2)[1] in DATES):
            return self._lambda(request, self._identities.account_of(key), region)
        if service == "tagging" and asks_for_functions(
            request.headers.get("x-amz-target", ""), request.body
        ):
            return self._tagging(request, self._identities.account_of(key), region)
        if service == "sts" or (service is None and request.body.startswith(b"Action=")):
            form = read_form(request.body)
            if form.get("Action") in OPERATIONS:
                status, document = self._identities.answer(form, key)
                return Response(status, document, [_XML])
        try:
            return self._others.answer(request, self._identities.account_of(key))
        except RemoteError as error:
            return _answer(501, {"message": str(error)})
        except Exception as error:  # noqa: BLE001 - moto raises through, a server must answer
            return _answer(500, {"message": f"moto failed: {type(error).__name__}: {error}"})

    def _lambda(self, request: Request, account: str, region: str) -> Response:
        try:
            route, asked = read_request(
                request.method, request.target, request.headers, request.body
            )
        except ServiceError as error:
            return _refusal(error)
        answer = self._ask(route.operation, account, region, asked, _refusal)
        if isinstance(answer, Response):
            return answer
        if route.operation == "Invoke":
            return _invoked(answer)
        status = answer.get("StatusCode", route.status)
        return Response(204) if status == 204 else _answer(status, answer)  # noqa: PLR2004

    def _tagging(self, request: Request, account: str, region: str) -> Response:
        asked = json.loads(request.body)
        answer = self._ask("GetResources", account, region, asked, _tagging_refusal)
        return answer if isinstance(answer, Response) else _answer(200, answer)

    def _ask(
        self,
        operation: str,
        account: str,
        region: str,
        asked: dict[str, Any],
        refusal: Callable[[ServiceError], Response],
    ) -> Answer | Response:
        """Return the simulator's answer, or what the client gets instead of one."""
        try:
            return self._simulator.call(operation, account=account, region=region, **asked)
        except ServiceError as error:
            return refusal(error)
        except AnswerLostError:
            return Response(0, lost=True)
        except NoAnswerError as error:
            return Response(0, lost=True, after=error.seconds)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # SDKs check members and their types before they send: this was made by hand.
            return refusal(ServiceError("SerializationException", f"{error!r}", members={}))

    def _control(self, request: Request) -> Response:
        what = request.target.removeprefix("/_sandbox/")
        simulator = self._simulator
        match request.method, what.partition("/")[0]:
            case "GET", "calls":
                calls = simulator.calls
                return _answer(200, {"operations": calls.operations, "groups": calls.groups})
            case "POST", "reset-calls":
                simulator.calls.reset()
                return Response(204)
            case "POST", setting if setting in self._settings():
                return self._set(setting, request.body)
            case "DELETE", "faults":
                simulator.faults.clear()
                return Response(204)
            case "DELETE", "conditions":
                simulator.conditions.clear()
                return Response(204)
            case "GET", "code":
                data = simulator.code(what.removeprefix("code/"))
                if data is not None:
                    return Response(200, data, [("Content-Type", "application/zip")])
            case _:
                pass
        return _answer(404, {"message": f"The sandbox has no {request.target}."})

    def _settings(self) -> dict[str, Callable[..., None]]:
        simulator = self._simulator
        conditions = simulator.conditions
        return {
            "faults": simulator.faults.add,
            "refuse": conditions.refuse,
            "deny": conditions.deny,
            "withhold": conditions.withhold,
            "idle": simulator.let_idle,
            "behaviour": partial(_assign, simulator.behaviour),
            "limits": partial(_assign, simulator.limits),
            "timing": partial(_assign, simulator.timing),
        }

    def _set(self, setting: str, body: bytes) -> Response:
        try:
            self._settings()[setting](**json.loads(body))
        except (AttributeError, ServiceError, TypeError, ValueError) as error:
            return _answer(400, {"message": str(error)})
        return Response(204)


def _assign(target: Behaviour | Limits | Timing, **values: object) -> None:
    unknown = values.keys() - asdict(target).keys()
    if unknown:
        raise ValueError(f"There is no {', '.join(sorted(unknown))}.")
    judged = TypeAdapter(type(target)).validate_python({**asdict(target), **values})
    for name in values:
        setattr(target, name, getattr(judged, name))


def _answer(status: int, members: Answer) -> Response:
    body = json.dumps(members, separators=(",", ":")).encode()
    return Response(status, body, [_JSON, ("x-amzn-RequestId", str(uuid.uuid4()))])


def _refusal(error: ServiceError) -> Response:
    response = _answer(error.status, error.body())
    headers = [("x-amzn-ErrorType", error.code), *error.headers.items()]
    return Response(response.status, response.body, response.headers + headers)


def _tagging_refusal(error: ServiceError) -> Response:
    """Return an error as the tagging API's protocol has it: the code is in the body."""
    return _answer(error.status, {"__type": error.code, **error.body()})


def _invoked(answer: dict[str, Any]) -> Response:
    names = {
        "ExecutedVersion": "X-Amz-Executed-Version",
        "FunctionError": "X-Amz-Function-Error",
        "LogResult": "X-Amz-Log-Result",
    }
    headers = [(header, answer[name]) for name, header in names.items() if name in answer]
    return Response(answer["StatusCode"], answer.get("Payload", b""), [_JSON, *headers])
