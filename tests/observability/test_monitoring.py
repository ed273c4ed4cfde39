"""deploy/grafana.json and deploy/prometheus-rules.yaml, by promtool and /metrics."""

import json
import re
import subprocess
from pathlib import Path

from tests.support.pages import PAGES
from tests.support.proxies import needs

ROOT = Path(__file__).parents[2]
DASHBOARD, RULES = ROOT / "deploy/grafana.json", ROOT / "deploy/prometheus-rules.yaml"


def promtool(*arguments):
    """Check that promtool finds nothing wrong."""
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def dashboard_queries():
    """Return the queries of every panel, as Prometheus gets them."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    return [query.replace("$__rate_interval", "1m") for query in queries]


@needs("promtool")
def test_promtool_accepts_the_rules():
    promtool("check", "rules", str(RULES))


@needs("promtool")
def test_each_alert_fires_when_it_must_and_not_before():
    promtool("test", "rules", str(Path(__file__).with_name("prometheus-rules.test.yaml")))


@needs("promtool")
def test_prometheus_understands_the_queries_of_the_dashboard(tmp_path):
    rules = [{"record": f"n{n}", "expr": query} for n, query in enumerate(dashboard_queries())]
    assert len(rules) > 10
    file = tmp_path / "rules.yaml"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_every_metric_and_label_of_dashboard_and_rules_is_exported():
    """The page on operations names what is exported, which test_metrics_counts.py checks."""
    exported = set(re.findall(r"`(\w+)`", PAGES["operations.md"]))
    used = "\n".join([*dashboard_queries(), RULES.read_text()])
    names = {name.removesuffix("_bucket") for name in re.findall(r"(?<!\w)things_\w+", used)}
    assert len(names) == 10
    assert names <= exported
    labels = set(re.findall(r"\w+", " ".join(re.findall(r"by \((.*?)\)", used))))
    assert labels <= exported | {"instance", "le", "__name__"}
