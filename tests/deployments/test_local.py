"""`make ui` starts everything, says clearly why it cannot, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from deployments.local import LocalServices, ServiceEnded, check_port
from infra.prefect_server import registered_server
from tasks.errors import UserInputError
from tests.local_services import local_services, processes_of


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(UserInputError, match=rf"port {port}, for MLflow, .* --mlflow-port"):
            check_port("MLflow", port, "--mlflow-port")


def test_a_service_that_ends_by_itself_is_named_with_its_log(tmp_path: Path) -> None:
    with LocalServices(os.environ, tmp_path) as services:
        services.start("Odd one", "this_module_does_not_exist").process.wait(60)
        with pytest.raises(ServiceEnded, match=r"Odd one ended with code 1; its log is .*odd-one\.log"):
            services.watch()


def test_leaving_stops_every_service(tmp_path: Path) -> None:
    with LocalServices(os.environ, tmp_path) as services:
        running = [services.start(name, "http.server", "0", "--bind", "127.0.0.1") for name in ("one", "two")]
    assert all(service.process.poll() is not None for service in running)


@pytest.mark.slow
def test_everything_starts_and_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with local_services(home) as services:
        assert services.call("GET", "/health") is True
        assert httpx.get(f"{services.mlflow_url}/health", timeout=30).text == "OK"
        assert registered_server(home) == f"{services.prefect_url}/api"
        assert len(processes_of(home)) >= 4
        services.process.send_signal(signal.SIGINT)
        said, _ = services.process.communicate(timeout=120)
    assert services.process.returncode == 0, said
    assert processes_of(home) == set()
    assert registered_server(home) is None
