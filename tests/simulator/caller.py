"""One app connected to one company of the simulator, and the documents it sends."""

from typing import Any
from urllib.parse import quote

from local.quickbooks import wire
from local.quickbooks.envelope import Answer
from local.quickbooks.simulator import Simulator


class Caller:
    """One app connected to one company."""

    def __init__(self, simulator: Simulator, realm: str) -> None:
        self.simulator, self.realm = simulator, realm
        self.tokens = simulator.tokens.issue(realm, simulator.now())
        self.headers = {
            "Authorization": f"Bearer {self.tokens['access_token']}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else wire.dumps(body).encode()
        return self.simulator.handle("POST", self.url(path), {**self.headers, **headers}, raw)

    def get(self, path: str, **headers: str) -> Answer:
        return self.simulator.handle("GET", self.url(path), {**self.headers, **headers})

    def url(self, path: str) -> str:
        return f"http://quickbooks.test/v3/company/{self.realm}/{path}"

    def made(self, entity: str, body: Any, path: str | None = None) -> Any:
        """The object that a POST answered with."""
        answer = self.post(path or entity.lower(), body)
        assert answer.status == 200, answer.text
        return answer.json()[entity]

    def read(self, entity: str, id_: str) -> Any:
        answer = self.get(f"{entity.lower()}/{id_}")
        assert answer.status == 200, answer.text
        return answer.json()[entity]

    def query(self, statement: str) -> Any:
        answer = self.get(f"query?query={quote(statement)}")
        assert answer.status == 200, answer.text
        return answer.json()["QueryResponse"]

    def fault(self, path: str, body: Any) -> Any:
        """The one error of a business fault."""
        answer = self.post(path, body)
        assert answer.status == 400, answer.text
        return self.error_of(answer)

    def query_fault(self, statement: str) -> Any:
        answer = self.get(f"query?query={quote(statement)}")
        assert answer.status == 400, answer.text
        return self.error_of(answer)

    @staticmethod
    def error_of(answer: Answer) -> Any:
        (error,) = answer.json()["Fault"]["Error"]
        return error


def line(amount: Any = 100, item: str | None = "1", **detail: Any) -> dict[str, Any]:
    reference = {} if item is None else {"ItemRef": {"value": item}}
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {**reference, **detail},
    }


def invoice(*lines: dict[str, Any], customer: str = "1", **header: Any) -> dict[str, Any]:
    return {"CustomerRef": {"value": customer}, "Line": list(lines) or [line()], **header}
