"""A person opens the deployment's form in Prefect's interface, changes settings, submits, and sees the run complete."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local_services import Services

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RUN_SECONDS = 600.0


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A page of a headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian's package chromium, for example)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra dev)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET_BROWSER)
        opened = browser.new_page(viewport={"width": 1400, "height": 1200})
        opened.set_default_timeout(60_000)
        yield opened
        browser.close()


def field(page: Any, name: str) -> Any:
    """The first input behind a label; Prefect's labels do not name their inputs."""
    return page.locator(f"xpath=//span[starts-with(normalize-space(), '{name}')]/following::input[1]").first


def submit(page: Any) -> None:
    """Press Submit until the run's page opens; again, as a person does, where the form stayed, three times at most."""
    from playwright.sync_api import TimeoutError as NothingCame

    answers: list[Any] = []

    def heard(answer: Any) -> None:
        answers.append(answer)

    page.on("response", heard)
    for _ in range(3):
        page.get_by_role("button", name="Submit").click()
        try:
            page.wait_for_url(lambda url: not url.endswith("/run"))
            return
        except NothingCame:
            continue
    sent = [answer for answer in answers if answer.request.method == "POST"]
    said = [f"{answer.status} {answer.url}: {answer.text()}" for answer in sent]
    raise AssertionError("the form stayed open; the server said:\n" + "\n".join(said or ["nothing"]))


def test_a_run_started_in_the_form_uses_the_changed_settings_and_completes(
    services: Services, page: Any, tmp_path: Path
) -> None:
    deployment = services.call("GET", "/deployments/name/retrain/support-intents")
    page.goto(f"{services.prefect_url}/deployments/deployment/{deployment['id']}/run")
    for words in ("Everything a retrain run needs to know.", "Passes over the training rows.", "Where rows come from."):
        page.get_by_text(words, exact=False).first.wait_for()

    field(page, "Epochs").fill("1")
    field(page, "Max Tokens").fill("32")
    page.screenshot(path=tmp_path / "form.png")
    submit(page)

    query = {"deployments": {"id": {"any_": [deployment["id"]]}}, "sort": "EXPECTED_START_TIME_DESC"}
    runs = [run for run in services.call("POST", "/flow_runs/filter", **query) if not run["auto_scheduled"]]
    started = next(run for run in runs if run["parameters"]["config"]["training"]["max_tokens"] == 32)
    assert started["parameters"]["config"]["training"]["epochs"] == 1

    ended = services.wait_for_end(started["id"], RUN_SECONDS)
    assert ended["state_type"] == "COMPLETED", f"{ended['state']}\n{services.logs()}"
    page.goto(f"{services.prefect_url}/runs/flow-run/{started['id']}")
    page.get_by_text("Completed").first.wait_for()
    page.screenshot(path=tmp_path / "run.png")
