"""The metrics of a server."""

import urllib.request

from prometheus_client.parser import text_string_to_metric_families


def scrape(server):
    """Return the value of every sample by its name and label values."""
    url = f"http://127.0.0.1:{server.metrics_port}/metrics"
    with urllib.request.urlopen(url, timeout=20) as response:
        families = list(text_string_to_metric_families(response.read().decode()))
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }
