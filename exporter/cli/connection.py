"""One HTTP connection to the exporter, kept from push to push: bytes there, an answer back."""

import contextlib
import http.client
from collections.abc import Mapping
from typing import NamedTuple

from exporter.client.address import Address

ANSWER_BYTES_MAX = 1024 * 1024


class NoAnswerError(Exception):
    """Why there was no answer, in our own words; `sent` where the other side may have acted."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Answer(NamedTuple):
    """What came back, with its header `Retry-After`."""

    status: int
    body: bytes
    retry_after: str | None


class Connection:
    """Posts to where an exporter takes pushes. What broke once is begun anew at the next post."""

    def __init__(self, address: Address) -> None:
        # A proxy from the environment is meant for the world outside: it is not asked for one.
        kind = http.client.HTTPSConnection if address.tls else http.client.HTTPConnection
        self._http = kind(address.host, address.port)
        self._path = address.path
        self._headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}

    def post(self, body: bytes, headers: Mapping[str, str], timeout_secs: float) -> Answer:
        """Return the answer to a POST; raises `NoAnswerError`.

        No wait for the other side is longer than `timeout_secs`.
        """
        sent = False
        try:
            self._connect(timeout_secs)
            sent = True
            return self._post(body, {**self._headers, **headers})
        except OSError as error:
            self.close()
            raise NoAnswerError(_os_reason(error), sent=sent) from None
        except (http.client.HTTPException, ValueError):
            self.close()
            raise NoAnswerError("no valid HTTP answer", sent=sent) from None

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _connect(self, timeout_secs: float) -> None:
        self._http.timeout = timeout_secs
        if self._http.sock is None:
            self._http.connect()
        self._http.sock.settimeout(timeout_secs)

    def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        # Who refuses a body by its length may hang up before all of it was sent, having answered.
        with contextlib.suppress(ConnectionError):
            self._http.request("POST", self._path, body, headers)
        with self._http.getresponse() as response:
            content = response.read(ANSWER_BYTES_MAX)
            if not response.isclosed():
                self.close()
            return Answer(response.status, content, response.headers.get("Retry-After"))


def _os_reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return error.strerror or "the connection broke"
