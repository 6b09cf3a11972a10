"""In a browser, the interactive page answers clicks, filters, keeps its view and saves files."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dirgrad.report.pages import explore
from support import browser, explored
from support.explored import HOSTILE

PRELUDE = """<script>
location.hash = ADDRESS;
const saved = {};
const createUrl = URL.createObjectURL;
let lastBlob = null;
URL.createObjectURL = (blob) => { lastBlob = blob; return createUrl(blob); };
HTMLAnchorElement.prototype.click = function () { saved[this.download] = lastBlob; };
</script>"""
"""Script that sets the address of the page and keeps the files that the page saves."""

VISIT = """<script>
const seen = {};
const get = (id) => document.getElementById(id);
const marks = () => document.querySelectorAll("#chart .mark-symbol[aria-roledescription] path");
const pause = () => new Promise((resolve) => setTimeout(resolve, 300));
const choose = async (id, value) => {
  get(id).value = value;
  get(id).dispatchEvent(new Event("change", { bubbles: true }));
  await pause();
};
const press = async (target, key) => {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  await pause();
};
const shownClaims = () => [...document.querySelectorAll("#claims tbody tr")]
  .filter((row) => !row.hidden).map((row) => row.cells[0].textContent.trim());
const facts = () => Object.fromEntries(
  [...document.querySelectorAll("#point tr")]
    .map((row) => [...row.cells].map((cell) => cell.textContent)));
// The lines of the subtitle are one text.
const titles = () => [...document.querySelectorAll("#chart .role-title text")]
  .map((text) => text.textContent);
const view = () => ({
  selects: ["job", "x", "y", "framework", "verdict", "where"].map((id) => get(id).value),
  methods: [...document.querySelectorAll("#boxes input:checked")].map((box) => box.value),
  logarithmic: ["logx", "logy"].map((id) => get(id).checked),
  titles: titles(), point: facts(), claims: shownClaims(),
});
const read = async (end) => {
  const name = Object.keys(saved).find((name) => name.endsWith(end));
  return [name, await saved[name].text()];
};
const visit = async () => { ACTIONS };
visit().catch((error) => collectedErrors.push(String(error))).finally(() => {
  const resources = performance.getEntriesByType("resource").map((entry) => entry.name);
  seen.requests = resources.filter((name) => !/^(data|blob):/.test(name));
  seen.errors = collectedErrors;
  seen.address = location.hash;
  const element = document.createElement("script");
  element.type = "application/json";
  element.id = "seen";
  element.textContent = JSON.stringify(seen).replaceAll("<", "\\\\u003c");
  document.body.append(element);
});
</script>"""
"""Script that carries out actions and writes its observations into the page as JSON."""

USE = """
await pause();
seen.first = titles();
seen.symbols = marks().length;
await choose("framework", "torch");
marks()[3].dispatchEvent(new MouseEvent("click", { bubbles: true }));
await pause();
seen.clicked = facts();
seen.settings = document.querySelector("#point pre").textContent;
await press(get("chart"), "ArrowRight");
seen.next = facts();
await choose("verdict", "does not hold");
seen.claims = shownClaims();
await choose("where", "torch");
seen.place = document.querySelector("#claims td div:not([hidden])").textContent;
get("csv").click();
get("svg").click();
await pause();
seen.csv = await read(".csv");
seen.svg = await read(".svg");
await choose("x", "step_bytes");
seen.without_bytes = get("note").textContent;
await choose("framework", "jax");
seen.bytes = titles();
seen.points = marks().length;
get("method0").click();
get("logx").click();
await pause();
marks()[0].dispatchEvent(new MouseEvent("click", { bubbles: true }));
await pause();
seen.view = view();
"""
RESTORE = """
await pause();
seen.view = view();
seen.jobs = [...get("job").options].map((option) => option.value);
seen.pictures = document.images.length;
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the small run."""
    if browser.CHROMIUM is None:
        pytest.skip("no Chromium on the PATH")
    path = tmp_path_factory.mktemp("explore") / "explore.html"
    text = explore.page(explored.manifest(), explored.tables(), explore.libraries())
    path.write_text(text, encoding="utf-8")
    return path


def visit(page: Path, actions: str, address: str = "") -> dict[str, Any]:
    """Open the page at an address, carry out actions and return the observations."""
    prelude = browser.COLLECT_ERRORS + PRELUDE.replace("ADDRESS", json.dumps(address))
    script = VISIT.replace("ACTIONS", actions)
    process = browser.open_report(page, prelude, script, "--virtual-time-budget=30000")
    texts = re.findall(r'<script type="application/json" id="seen">(.*?)</script>', process.stdout)
    seen: dict[str, Any] = json.loads(texts[0])
    logged = [line for line in process.stderr.splitlines() if "CONSOLE" in line]
    assert (seen["errors"], seen["requests"], logged) == ([], [], [])
    return seen


@pytest.fixture(scope="module")
def used(page: Path) -> dict[str, Any]:
    """Return the observations of a reader who uses every control."""
    return visit(page, USE)


@pytest.mark.slow
def test_a_reader_selects_points_and_filters_claims(used: dict[str, Any]) -> None:
    subtitle = "JAX; learning rate 0.1n = 10 seeds; 90 % bootstrap interval"
    assert used["first"] == ["mlp: training loss", subtitle]
    assert used["symbols"] == 6
    clicked = used["clicked"]
    assert (clicked["method"], clicked["framework"]) == ("forward gradient", "PyTorch")
    assert (clicked["run"], clicked["commit"]) == ("run of mlp torch", "abc123")
    assert (clicked["value"], clicked["at"]) == ("training loss: 2 [1.8, 2.2]", "steps: 50")
    assert clicked["command of this run"].startswith("dirgrad run training/mlp/torch --config ")
    assert clicked["command, in any checkout"].startswith("snakemake results/small/records/")
    assert HOSTILE in used["settings"]
    assert used["next"]["at"] == "steps: 100"
    assert len(used["claims"]) == 1
    assert used["claims"][0].startswith("A step is <cheaper> than backprop's.")
    assert used["place"].split() == ["at", "least", "4", "n", "=", "2;", "framework", "torch"]
    assert used["without_bytes"] == "No point has these values."
    assert used["bytes"][0] == "mlp: training loss"
    assert used["points"] == 2


@pytest.mark.slow
def test_the_saved_files_hold_what_is_shown(used: dict[str, Any]) -> None:
    name, text = used["csv"]
    assert name == "small_training_mlp_loss_by_step.csv"
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["step"] for row in rows if row["estimator"] == "backprop"] == ["0", "50", "100"]
    assert {row["backend"] for row in rows} == {"torch"}
    assert {(row["run_id"], row["n"]) for row in rows} == {("run of mlp torch", "10")}
    assert [rows[0][end] for end in ("loss", "loss_low", "loss_high")] == ["4", "3.6", "4.4"]
    name, text = used["svg"]
    assert name == "small_training_mlp_loss_by_step.svg"
    assert text.startswith("<svg")
    assert text.count('aria-roledescription="point"') >= 6
    assert "mlp: training loss" in text


@pytest.mark.slow
def test_the_address_restores_the_view(page: Path, used: dict[str, Any]) -> None:
    seen = visit(page, RESTORE, used["address"])
    view = seen["view"]
    assert view == used["view"]
    selects = ["training/mlp", "step_bytes", "loss", "jax", "does not hold", "torch"]
    assert view["selects"] == selects
    assert view["methods"] == ["forward_gradient"]
    assert view["logarithmic"] == [False, True]
    assert view["point"]["at"] == "temporary memory of an SGD step [bytes]: 8192"
    assert seen["address"] == used["address"]
    assert f"training/{HOSTILE}" in seen["jobs"]
    assert seen["pictures"] == 0
