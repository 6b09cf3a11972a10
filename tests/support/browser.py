"""A report as a reader opens it: in Chromium, without a network, every item shown once. `make report-check` tells of one."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
FLAGS = (
    *(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ),
    *(
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        "--v=0",
    ),
    "--proxy-server=http://127.0.0.1:9",  # nobody listens there: what is not in the file is not shown
)
WATCH = """<script>
window.faults = [];
window.addEventListener("error", (event) => faults.push(String(event.message || event.target.src || event.target.href)), true);
window.addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
const spoken = console.error;
console.error = (...words) => { faults.push(words.join(" ")); spoken(...words); };
</script>"""
WALK = """<script>
const moment = () => new Promise((done) => setTimeout(done, 20));
const told = { front: null, items: {}, switches: {}, asked: [] };
const walk = async () => {
  await moment();
  told.front = document.querySelector(".dirgrad h1")?.textContent;
  for (const category of Object.keys(categories)) {
    for (const subcategory of Object.keys(categories[category])) {
      app.setView({ navbarMode: "menu" });
      await moment();
      app.setView({ navbarMode: "subcategory", category, subcategory });
      await moment();
      const found = [...document.querySelectorAll("nav fieldset")].map((one) => one.querySelector("span").textContent);
      told.switches[`${category} / ${subcategory}`] = found;
    }
  }
  for (const [path, item] of Object.entries(results)) {
    let shown = "file";
    if (item.mime_type.startsWith("image/")) {
      const image = new Image();
      shown = await new Promise((done) => {
        image.onload = () => done(image.naturalWidth > 0 ? "image" : "empty");
        image.onerror = () => done("broken");
        image.src = item.data_uri;
      });
    } else if (item.mime_type === "text/html") {
      const page = new DOMParser().parseFromString(atob(item.data_uri.split(",")[1]), "text/html");
      shown = page.querySelector("tbody tr") || page.body.textContent.includes("No rows.") ? "page" : "empty";
    }
    told.items[path] = shown;
  }
  told.asked = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => !name.startsWith("data:"));
};
const tell = () => {
  told.faults = faults;
  const place = document.createElement("script");
  place.type = "application/json";
  place.id = "walked";
  place.textContent = JSON.stringify(told);
  document.body.append(place);
};
walk().catch((error) => faults.push(String(error))).finally(tell);
</script>"""


CLOCK = """<script>
addEventListener("load", () => document.documentElement.dataset.seconds = performance.now() / 1000);
</script>"""


class Walked(NamedTuple):
    """front: the heading of the front page. items: every item, by what it is shown as. switches:
    the labels that the list of a subcategory switches between. asked: what else was asked for. faults: errors of the console."""

    front: str | None
    items: dict[str, str]
    switches: dict[str, list[str]]
    asked: list[str]
    faults: list[str]


def walk(report: Path) -> Walked:
    """Open a report and show all that it holds."""
    ran = opened(report, WATCH, WALK, "--virtual-time-budget=60000")
    (found,) = re.findall(
        r'<script type="application/json" id="walked">(.*?)</script>', ran.stdout, re.DOTALL
    )
    told: dict[str, Any] = json.loads(found)
    errors = [line for line in ran.stderr.splitlines() if "ERROR:CONSOLE" in line]
    return Walked(**told | {"faults": [*told["faults"], *errors]})


def seconds(report: Path) -> float:
    """From opening the file to the end of its loading, by the browser's clock."""
    (found,) = re.findall(r'<html[^>]* data-seconds="([0-9.]+)"', opened(report, CLOCK).stdout)
    return float(found)


def opened(
    report: Path, first: str, last: str = "", *flags: str
) -> subprocess.CompletedProcess[str]:
    """What Chromium says of a report with a script before all others, and one after them."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory, "report.html")
        body, _, end = (
            report.read_text(encoding="utf-8")
            .replace("<head>", f"<head>{first}", 1)
            .rpartition("</body>")
        )
        copy.write_text(f"{body}{last}</body>{end}", encoding="utf-8")
        command = [
            str(CHROMIUM),
            *FLAGS,
            f"--user-data-dir={directory}/user",
            *flags,
            "--dump-dom",
            copy.as_uri(),
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)


def complaints(walked: Walked) -> list[str]:
    """What a reader would miss."""
    blank = [
        f"{path}: {shown}" for path, shown in walked.items.items() if shown in ("broken", "empty")
    ]
    front = [] if walked.front else ["no front page"]
    return [*front, *blank, *(f"asks for {name}" for name in walked.asked), *walked.faults]


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("no Chromium on the PATH: install it, as by `apt-get install chromium`")
    REPORT = Path(sys.argv[1])
    SEEN = walk(REPORT)
    print(
        f"{REPORT}: {REPORT.stat().st_size} bytes, loaded in {seconds(REPORT):.1f} s, {len(SEEN.items)} items; {SEEN.front}"
    )
    for PLACE, LABELS in sorted(SEEN.switches.items()):
        print(f"  {PLACE}: {f'switches {LABELS[0]}' if LABELS else 'a list'}")
    sys.exit("\n".join(complaints(SEEN)) or 0)
