"""The files of deploy/ name what the service has, and follow the schemas of those who read them."""

import os
import re
import subprocess
import tomllib

import kubernetes_validate
import pytest
import yaml

from flask_things.config import DEFAULTS, settings
from tests.support.proxies import DEPLOY, ROOT

KUBERNETES = [
    document
    for file in sorted(DEPLOY.glob("kubernetes/*.yaml"))
    for document in yaml.safe_load_all(file.read_text())
]
DEPLOYMENTS = [one for one in KUBERNETES if one["kind"] == "Deployment"]

#: How long the server may take for what it is answering, and a container to stop, in seconds.
GRACE_S = 35

PROBES = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def compose():
    """Return the services of the compose file."""
    return yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]


@pytest.mark.parametrize("document", KUBERNETES, ids=lambda one: one["kind"])
def test_kubernetes_accepts_a_file(document):
    if document["kind"] == "PodMonitor":  # the Prometheus Operator's, whose schema is not there
        assert document["apiVersion"] == "monitoring.coreos.com/v1"
        return
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(document, version, strict=True)


def pod(deployment):
    """Return the specification of a pod, and of its one container."""
    specification = deployment["spec"]["template"]["spec"]
    [container] = specification["containers"]
    return specification, container


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=["postgresql", "sqlite"])
def test_a_pod_is_confined_and_probed(deployment):
    specification, container = pod(deployment)
    assert specification["terminationGracePeriodSeconds"] == GRACE_S
    assert specification["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {name: container[name]["httpGet"]["path"] for name in PROBES} == PROBES


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=["postgresql", "sqlite"])
def test_a_pod_s_settings_are_ours(deployment):
    environ = {one["name"]: one.get("value") for one in pod(deployment)[1]["env"]}
    assert (
        settings({name: value for name, value in environ.items() if value})["THINGS_AUTH"] != "off"
    )
    assert set(environ) <= set(DEFAULTS)
    ports = {one["name"]: one["containerPort"] for one in pod(deployment)[1]["ports"]}
    assert ports == {
        "http": int(DEFAULTS["PORT"]),
        "metrics": int(environ["THINGS_METRICS_PORT"]),
    }


def test_sqlite_has_one_pod_and_postgresql_several():
    postgresql, sqlite = (one["spec"] for one in DEPLOYMENTS)
    assert (sqlite["replicas"], sqlite["strategy"]) == (1, {"type": "Recreate"})
    assert postgresql["replicas"] > 1


def test_the_pods_differ_by_their_database_only():
    (postgresql, its), (sqlite, other) = map(pod, DEPLOYMENTS)
    its["env"] = [one for one in its["env"] if one["name"] != "THINGS_DATABASE_URL"]
    other["volumeMounts"] = other["volumeMounts"][1:]
    assert its == other
    assert sqlite["volumes"][1:] == postgresql["volumes"]


def test_a_name_that_is_referred_to_exists():
    for document in KUBERNETES:
        text = yaml.dump(document)
        assert set(re.findall(r"\bapp: (\S+)", text)) <= {"flask-things"}
        assert set(re.findall(r"\bport: ([a-z]+)", text)) <= {"http", "metrics"}


def test_fly_has_our_settings_port_and_path():
    fly = tomllib.loads((DEPLOY / "fly.toml").read_text())
    assert settings(fly["env"])["THINGS_AUTH"] == "write"
    assert fly["http_service"]["internal_port"] == int(DEFAULTS["PORT"])
    assert [check["path"] for check in fly["http_service"]["checks"]] == ["/readyz"]
    assert (fly["kill_signal"], fly["kill_timeout"]) == ("SIGTERM", f"{GRACE_S}s")
    assert (DEPLOY / fly["build"]["dockerfile"]).exists()
    assert [mount["destination"] for mount in fly["mounts"]] == ["/opt/data"]


@pytest.mark.parametrize(
    ("auth", "domain", "code"),
    [("write", "x", 0), ("all", "x", 0), ("off", "x", 1), ("", "x", 1), ("write", "", 1)],
)
def test_caddy_starts_only_with_tokens_and_a_domain(auth, domain, code):
    services = compose()
    [check] = set(services["caddy"]["depends_on"]) - {"api"}
    assert services[check]["environment"].keys() == {"THINGS_AUTH", "THINGS_DOMAIN"}
    command = [part.replace("$$", "$") for part in services[check]["command"]]
    environ = os.environ | {"THINGS_AUTH": auth, "THINGS_DOMAIN": domain}
    checked = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert (checked.returncode, "THINGS_AUTH to write or all" in checked.stderr) == (
        code,
        code == 1,
    )


def test_caddy_s_container_is_as_confined_as_ours():
    caddy, api = compose()["caddy"], compose()["api"]
    for name in ("init", "read_only", "cap_drop", "security_opt", "mem_limit", "stop_grace_period"):
        assert caddy[name] == api[name]
    assert caddy["cap_add"] == ["NET_BIND_SERVICE"]


def test_every_file_that_a_command_reads_exists():
    commands = (DEPLOY / "README.md").read_text()
    used = re.findall(r"(?:-f|--config|\$ cp) (deploy/\S+)", commands)
    assert len(used) == 8
    assert [name for name in used if not (ROOT / name).exists()] == []
