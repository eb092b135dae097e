"""A sandbox in its own process, for tests that need real HTTPS."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

ROOT = Path(__file__).parents[1]
READY_S = 20


class SandboxProcess:
    """Starts on a free port and waits until it is ready; a context manager that stops it.

    `world` is a world as JSON, loaded through the control interface.
    """

    def __init__(self, world: dict[str, Any] | None = None, **options: Any) -> None:
        command = [sys.executable, "-m", "syncengine.sandbox", "--port", "0"]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._errors)
        ready = self._ready_line()
        self.graph: str = ready["graph"]
        self.login: str = ready["login"]
        self.ca: str = ready["ca"]
        self.base: str = ready["control"]
        self._session = requests.Session()
        # The environment's bundle would win over `verify` of the session.
        self._session.trust_env = False
        self._session.verify = self.ca
        if world is not None:
            try:
                self.control("PUT", "world", world)
            except BaseException:
                self.stop()
                raise

    def __enter__(self) -> SandboxProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the control interface; its JSON. Fails the test if it is refused."""
        answer = self._session.request(method, f"{self.base}/{path}", json=body, timeout=60)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def as_user(self, tenant: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One Graph call as a person of the tenant would make it; its JSON. Fails if refused."""
        asked = {"tenant": tenant, "method": method, "path": path, "body": body, "headers": headers}
        answer = self.control("POST", "as-user", asked)
        assert answer["status"] < 400, answer
        return answer["body"]

    def token(self, tenant: str, client_id: str, secret: str) -> str:
        """An access token for an app, by its secret."""
        form = {
            "client_id": client_id,
            "client_secret": secret,
            "grant_type": "client_credentials",
            "scope": "https://graph.microsoft.com/.default",
        }
        url = f"{self.login}/{tenant}/oauth2/v2.0/token"
        answer = self._session.post(url, data=form, timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def call(self, token: str, method: str, path: str, **options: Any) -> requests.Response:
        """One request to Graph with a token; `options` are those of requests."""
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        url = path if path.startswith("https://") else f"{self.graph}/{path.lstrip('/')}"
        options.setdefault("timeout", 30)
        return self._session.request(method, url, headers=headers, **options)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def stop(self) -> int:
        """End it as Ctrl-C would; its exit status."""
        if self._process.poll() is None:
            self._process.terminate()
        return self._ended()

    def kill(self) -> int:
        """End it as a power cut would."""
        self._process.kill()
        return self._ended()

    def _ended(self) -> int:
        try:
            status = self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if getattr(self, "_session", None):
            self._session.close()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()
        return status

    def _ready_line(self) -> dict[str, str]:
        assert self._process.stdout
        # A sandbox that hangs before it is ready is ended, which ends the reading too.
        guard = threading.Timer(READY_S, self._process.kill)
        guard.start()
        line = self._process.stdout.readline()
        guard.cancel()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace")
            self._ended()
            raise RuntimeError(f"the sandbox did not start: {said[-2000:]}")
        read: dict[str, str] = json.loads(line)
        return read
