"""schemathesis against the running service, all of its checks on; skipped where it is not to be had."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import venv

PROGRAM, PLACE = sys.argv[1], pathlib.Path(sys.argv[2])
RELEASE = "schemathesis==4.32.0"
SKIPPED = 77


def schemathesis():
    """The program: on the path, or installed beside the build."""
    if found := shutil.which("schemathesis"):
        return found
    program = PLACE / "bin" / "schemathesis"
    if not program.exists():
        try:
            venv.create(PLACE, with_pip=True, clear=True)
            subprocess.run([PLACE / "bin" / "pip", "install", "-q", RELEASE], check=True, timeout=90)
        except (OSError, subprocess.SubprocessError, SystemExit) as error:  # Debian's venv without ensurepip exits
            print(f"skipped: {RELEASE} cannot be installed: {error}")
            sys.exit(SKIPPED)
    return program


def main():
    program = schemathesis()
    with tempfile.TemporaryDirectory() as home:
        registry = pathlib.Path(home, "registry.json")
        registry.write_text(json.dumps([{"name": "m", "backend": "vllm", "extra_args": []}]))
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "HF_HUB_OFFLINE": "1"}
        service = subprocess.Popen([PROGRAM, "serve", "--port", "0", "--quiet", "--registry", registry],
                                   stderr=subprocess.PIPE, text=True, env=environment)
        try:
            url = service.stderr.readline().split()[-1]
            with urllib.request.urlopen(url + "/v1/session") as answer:
                token = json.load(answer)["write_token"]
            ran = subprocess.run([program, "run", url + "/openapi.json", "--checks", "all", "--max-examples",
                                  os.environ.get("EXAMPLES", "15"), "--seed", "9", "--continue-on-failure",
                                  "--header", f"X-Write-Token: {token}", "--no-color"], cwd=home, env=environment)
            return ran.returncode or (service.poll() is not None)
        finally:
            service.terminate()
            service.wait(30)


sys.exit(main())
