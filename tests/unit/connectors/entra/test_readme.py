"""What the manual tells to paste works when it is pasted alone: with an `az` that only writes down what it is asked."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from worker.running.configured import configuration_problems

README = Path(__file__).parents[4] / "connectors" / "directory" / "entra" / "README.md"
GRAPH = "00000003-0000-0000-c000-000000000000"
APP, TENANT = "c0ffee00-7e57-4000-8000-00000000bbbb", "c0ffee00-7e57-4000-8000-00000000aaaa"
GRAPH_SP, PRINCIPAL = "c0ffee00-7e57-4000-8000-000000000001", "c0ffee00-7e57-4000-8000-000000000002"
CLIENT, ISSUER = "c0ffee00-7e57-4000-8000-000000000003", "https://oidc.example.org/cluster/"
ROLES = {
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "User-LifeCycleInfo.Read.All": "8556a004-db57-4d7a-8b82-97a13428e96f",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
}
ANSWERS = {
    **{f"ad sp show --id {GRAPH} --query appRoles[?value=='{role}'].id | [0]": id_ for role, id_ in ROLES.items()},
    f"ad sp show --id {GRAPH} --query id": GRAPH_SP,
    "ad app create": APP,
    "aks show": ISSUER,
    "account show": TENANT,
    "cloud show --query endpoints.microsoftGraphResourceId": "https://graph.microsoft.com/",
    "identity show -g RG -n whosleft --query principalId": PRINCIPAL,
    "identity show -g RG -n whosleft --query clientId": CLIENT,
    "vm show -g RG -n VM --query identity.principalId": PRINCIPAL,
    "containerapp show -g RG -n APP --query identity.principalId": PRINCIPAL,
}  # fmt: skip
STUB = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["STUB_LOG"], "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
asked = " ".join(sys.argv[1:])
for start, answer in json.loads(os.environ["STUB_ANSWERS"]).items():
    if asked.startswith(start):
        print(answer)
"""


def blocks(language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


SCRIPTS, YAMLS = blocks("sh"), blocks("yaml")


def run(script: str, folder: Path) -> list[list[str]]:
    """What `az` was asked, with nothing in the environment that another block has set."""
    for name in ("az", "kubectl", "openssl", "sleep"):
        stub = folder / "bin" / name
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(STUB if name == "az" else "#!/bin/sh\n", encoding="utf-8")
        stub.chmod(0o755)
    log = folder / "log"
    log.touch()
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "-e", "-u", "-c", script],
        cwd=folder,
        env={
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "STUB_LOG": str(log),
            "STUB_ANSWERS": json.dumps(ANSWERS),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in log.read_text().splitlines()]


def the(marker: str) -> str:
    (found,) = (script for script in SCRIPTS if marker in script)
    return found


def option(call: list[str], name: str) -> str:
    return call[call.index(name) + 1]


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_whole_in_itself(script: str, tmp_path: Path) -> None:
    calls = run(script, tmp_path)

    assert calls
    assert [call for call in calls if "" in call or any("null" in word for word in call)] == []


def test_an_app_asks_for_every_permission(tmp_path: Path) -> None:
    calls = run(the("az ad app create"), tmp_path)

    asked = [call for call in calls if call[:4] == ["ad", "app", "permission", "add"]]
    assert [option(call, "--api-permissions") for call in asked] == [f"{id_}=Role" for id_ in ROLES.values()]
    assert {(option(call, "--id"), option(call, "--api")) for call in asked} == {(APP, GRAPH)}


@pytest.mark.parametrize("how", ["identity show", "vm show", "containerapp show"])
def test_a_managed_identity_is_given_every_permission(how: str, tmp_path: Path) -> None:
    script = the("appRoleAssignments")
    lines = [line for line in script.splitlines() if re.match(r"#? ?SP=", line)]
    (wanted,) = (line for line in lines if f"az {how}" in line)
    for line in lines:
        script = script.replace(line, line.removeprefix("# ") if line == wanted else "")

    calls = [call for call in run(script, tmp_path) if call[0] == "rest"]

    url = f"https://graph.microsoft.com/v1.0/servicePrincipals/{PRINCIPAL}/appRoleAssignments"
    assert [option(call, "--url") for call in calls] == [url] * 3
    assert [json.loads(option(call, "--body")) for call in calls] == [
        {"principalId": PRINCIPAL, "resourceId": GRAPH_SP, "appRoleId": id_} for id_ in ROLES.values()
    ]


def test_a_pod_s_service_account_is_the_one_that_is_vouched_for(tmp_path: Path) -> None:
    (text,) = (block for block in YAMLS if "kind: ServiceAccount" in block)
    found = {document.get("kind", "pod"): document for document in yaml.safe_load_all(text)}
    account, pod = found["ServiceAccount"], found["pod"]
    subject = f"system:serviceaccount:{account['metadata']['namespace']}:{account['metadata']['name']}"

    calls = [call for script in SCRIPTS for call in run(script, tmp_path) if "federated-credential" in call]

    subjects = {
        json.loads(option(call, "--parameters"))["subject"]
        if "--parameters" in call
        else option(call, "--subject")
        for call in calls
    }
    assert subjects == {subject}
    assert found["Namespace"]["metadata"]["name"] == account["metadata"]["namespace"]
    assert pod["spec"]["serviceAccountName"] == account["metadata"]["name"]
    assert pod["metadata"]["labels"] == {"azure.workload.identity/use": "true"}


def whole(text: str) -> dict[str, Any]:
    """A configuration, of a block that is one or is to go into the first."""
    value = yaml.safe_load(text)
    if "directories" in value:
        found: dict[str, Any] = value
        return found
    first: dict[str, Any] = yaml.safe_load(YAMLS[0])
    first["directories"][0] |= value
    return first


@pytest.mark.parametrize("text", [block for block in YAMLS if "apiVersion" not in block])
def test_every_example_is_a_configuration(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": APP,
        "AZURE_FEDERATED_TOKEN_FILE": "/var/run/secrets/azure/tokens/azure-identity-token",
    }.items():
        monkeypatch.setenv(name, value)
    secret = tmp_path / "client-state"
    secret.write_text("a-long-random-text-7")
    settings = whole(text.replace("/var/run/secrets/entra/client-state", str(secret)))
    path = tmp_path / "whosleft.yaml"
    path.write_text(yaml.safe_dump({"organisation": {"default_region": "GB"}, **settings}))

    assert configuration_problems(path) == ()
