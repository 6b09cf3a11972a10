"""Open a report in Chromium without a network and show every item once.

As a script, which `make report-check` runs, it prints the contents of a report and its complaints.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, EXECUTABLES)), None)
"""Path of Chromium, or None if it is not installed."""

# Nothing listens at the address of the proxy, so the browser can load only the file itself.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-logging=stderr",
    "--v=0",
    "--proxy-server=http://127.0.0.1:9",
)

COLLECT_ERRORS = """<script>
window.collectedErrors = [];
window.addEventListener(
  "error",
  (event) => collectedErrors.push(String(event.message || event.target.src || event.target.href)),
  true,
);
window.addEventListener(
  "unhandledrejection",
  (event) => collectedErrors.push(String(event.reason)),
);
const logError = console.error;
console.error = (...words) => {
  collectedErrors.push(words.join(" "));
  logError(...words);
};
</script>"""
"""Script that collects the errors of all later scripts."""

SHOW_EVERYTHING = """<script>
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
const contents = { front: null, items: {}, switches: {}, requests: [] };

const listSwitches = async (category, subcategory) => {
  app.setView({ navbarMode: "menu" });
  await pause();
  app.setView({ navbarMode: "subcategory", category, subcategory });
  await pause();
  const fieldsets = [...document.querySelectorAll("nav fieldset")];
  return fieldsets.map((fieldset) => fieldset.querySelector("span").textContent);
};

const showImage = (item) => new Promise((resolve) => {
  const image = new Image();
  image.onload = () => resolve(image.naturalWidth > 0 ? "image" : "empty");
  image.onerror = () => resolve("broken");
  image.src = item.data_uri;
});

const showPage = (item) => {
  const html = atob(item.data_uri.split(",")[1]);
  const page = new DOMParser().parseFromString(html, "text/html");
  const hasRows = page.querySelector("tbody tr") !== null;
  const statesThatItIsEmpty = page.body.textContent.includes("This table has no rows.");
  return hasRows || statesThatItIsEmpty ? "page" : "empty";
};

const showItem = async (item) => {
  if (item.mime_type.startsWith("image/")) return showImage(item);
  if (item.mime_type === "text/html") return showPage(item);
  return "file";
};

const showEverything = async () => {
  await pause();
  contents.front = document.querySelector(".dirgrad h1")?.textContent ?? null;
  for (const category of Object.keys(categories)) {
    for (const subcategory of Object.keys(categories[category])) {
      const labels = await listSwitches(category, subcategory);
      contents.switches[`${category} / ${subcategory}`] = labels;
    }
  }
  for (const [path, item] of Object.entries(results)) {
    contents.items[path] = await showItem(item);
  }
  const addresses = performance.getEntriesByType("resource").map((entry) => entry.name);
  contents.requests = addresses.filter((address) => !address.startsWith("data:"));
};

const writeContents = () => {
  contents.errors = collectedErrors;
  const element = document.createElement("script");
  element.type = "application/json";
  element.id = "report-contents";
  element.textContent = JSON.stringify(contents);
  document.body.append(element);
};

showEverything()
  .catch((error) => collectedErrors.push(String(error)))
  .finally(writeContents);
</script>"""
"""Script that shows every item and writes the contents of the report into the page as JSON."""

MEASURE_LOADING = """<script>
addEventListener("load", () => {
  document.documentElement.dataset.seconds = performance.now() / 1000;
});
</script>"""
"""Script that writes the loading time into the page."""


class Contents(NamedTuple):
    """Contents of a report.

    Attributes:
        front: Heading of the front page, or None if the report has no front page.
        items: Kind of every item by its path: image, page, file, or broken or empty.
        switches: Labels of the switches of each list, by category and subcategory.
        requests: Addresses outside the file that the browser requested.
        errors: Errors of the scripts and of the console.
    """

    front: str | None
    items: dict[str, str]
    switches: dict[str, list[str]]
    requests: list[str]
    errors: list[str]


def walk(report: Path) -> Contents:
    """Open a report, show every item and return the contents."""
    process = open_report(report, COLLECT_ERRORS, SHOW_EVERYTHING, "--virtual-time-budget=60000")
    pattern = r'<script type="application/json" id="report-contents">(.*?)</script>'
    (text,) = re.findall(pattern, process.stdout, re.DOTALL)
    contents: dict[str, Any] = json.loads(text)
    logged = [line for line in process.stderr.splitlines() if "ERROR:CONSOLE" in line]
    return Contents(**contents | {"errors": [*contents["errors"], *logged]})


def loading_seconds(report: Path) -> float:
    """Return the time from opening a report to the end of its loading, by the browser's clock."""
    process = open_report(report, MEASURE_LOADING)
    (seconds,) = re.findall(r'<html[^>]* data-seconds="([0-9.]+)"', process.stdout)
    return float(seconds)


def open_report(
    report: Path, first_script: str, last_script: str = "", *flags: str
) -> subprocess.CompletedProcess[str]:
    """Open a report with additional scripts; the standard output is the final page.

    Args:
        report: The report.
        first_script: Script that runs before all scripts of the report.
        last_script: Script that runs after them.
        *flags: Further flags of Chromium.
    """
    text = report.read_text(encoding="utf-8").replace("<head>", f"<head>{first_script}", 1)
    body, _, end = text.rpartition("</body>")
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory, "report.html")
        copy.write_text(f"{body}{last_script}</body>{end}", encoding="utf-8")
        command = [
            str(CHROMIUM),
            *FLAGS,
            f"--user-data-dir={directory}/user",
            *flags,
            "--dump-dom",
            copy.as_uri(),
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)


def complaints(contents: Contents) -> list[str]:
    """Return a sentence per item that a reader would miss, per request and per error."""
    faulty = [
        f"{path}: {kind}" for path, kind in contents.items.items() if kind in ("broken", "empty")
    ]
    front = [] if contents.front else ["no front page"]
    requests = [f"requests {address}" for address in contents.requests]
    return [*front, *faulty, *requests, *contents.errors]


def main(report: Path) -> None:
    """Print the contents of a report, and exit with its complaints."""
    if CHROMIUM is None:
        sys.exit("no Chromium on the PATH: install it, for example with `apt-get install chromium`")
    contents = walk(report)
    size = report.stat().st_size
    seconds = loading_seconds(report)
    print(f"{report}: {size} bytes, loaded in {seconds:.1f} s")
    print(f"{len(contents.items)} items; {contents.front}")
    for list_name, labels in sorted(contents.switches.items()):
        print(f"  {list_name}: {f'switches {labels[0]}' if labels else 'a list'}")
    sys.exit("\n".join(complaints(contents)) or 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
