#!/usr/bin/env python3
"""Every --format, read back by a parser of its kind."""
import csv
import io
import json
import subprocess
import sys
import unittest

import jsonschema
import yaml

from launches import LAUNCHES, commands

PROGRAM = sys.argv.pop(1)

YAML = ("compose", "kubernetes", "ray-serve", "vllm-yaml")


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=120)


def written(launch, kind):
    return run("vllm", "serve", *launch, "--format", kind).stdout


def closed(required=(), **properties):
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
MAP = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}

# The parts of https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json that are used.
DEVICE = closed(["capabilities"], driver=TEXT, count={"type": ["integer", "string"]}, capabilities=TEXTS)
COMPOSE = closed(["services"], services={"type": "object", "additionalProperties": closed(
    ["image"], image=TEXT, entrypoint=TEXTS, command=TEXTS, ipc=TEXT, ports=TEXTS, volumes=TEXTS, environment=TEXTS, restart={"enum": ["no", "always", "on-failure", "unless-stopped"]},
    network_mode=TEXT, devices=TEXTS, group_add=TEXTS, profiles=TEXTS, deploy=closed(resources=closed(reservations=closed(devices={"type": "array", "items": DEVICE}))))},
    volumes={"type": "object", "additionalProperties": {"type": "object"}})

# The parts of Kubernetes' OpenAPI that are used.
PROBE = closed(["httpGet"], httpGet=closed(["port"], path=TEXT, port={"type": "integer"}), periodSeconds={"type": "integer"}, failureThreshold={"type": "integer"})
CONTAINER = closed(["name", "image"], name=TEXT, image=TEXT, command=TEXTS, env={"type": "array"}, ports={"type": "array", "items": closed(["containerPort"], name=TEXT, containerPort={"type": "integer"})},
                   resources=closed(limits=MAP), startupProbe=PROBE, readinessProbe=PROBE, volumeMounts={"type": "array", "items": closed(["name", "mountPath"], name=TEXT, mountPath=TEXT)})
POD = closed(["metadata", "spec"], metadata=closed(labels=MAP), spec=closed(["containers"], containers={"type": "array", "items": CONTAINER}, volumes={"type": "array", "items": closed(["name"], name=TEXT, emptyDir={"type": "object"})}))
META = closed(["name"], name={"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"}, labels=MAP)
SPEC = closed(["selector", "template"], replicas={"type": "integer"}, serviceName=TEXT, podManagementPolicy={"enum": ["Parallel"]}, selector=closed(matchLabels=MAP), template=POD)
WORKLOAD = closed(["apiVersion", "kind", "metadata", "spec"], apiVersion={"const": "apps/v1"}, kind={"enum": ["Deployment", "StatefulSet"]}, metadata=META, spec=SPEC)
SERVICE = closed(["apiVersion", "kind", "metadata", "spec"], apiVersion={"const": "v1"}, kind={"const": "Service"}, metadata=META, spec=closed(
    ["ports"], clusterIP=TEXT, publishNotReadyAddresses={"type": "boolean"}, selector=MAP, ports={"type": "array", "items": closed(["port"], name=TEXT, port={"type": "integer"}, targetPort=TEXT)}))

# Ray Serve's config file and the fields of ray.serve.llm.LLMConfig that are used.
RAY = closed(["applications"], applications={"type": "array", "items": closed(["name", "import_path", "args"], name=TEXT, route_prefix=TEXT, import_path={"const": "ray.serve.llm:build_openai_app"}, args=closed(
    ["llm_configs"], llm_configs={"type": "array", "items": closed(["model_loading_config"], model_loading_config=closed(["model_id"], model_id=TEXT, model_source=TEXT), accelerator_type=TEXT,
                                                                   deployment_config={"type": "object"}, engine_kwargs={"type": "object"})}))})


class Formats(unittest.TestCase):
    def estimate(self, words):
        return json.loads(run(*words, "--json").stdout)

    def test_launch_reads_back(self):
        for name, launch in LAUNCHES.items():
            serve = [words for words in commands(written(launch, "launch")) if words[0] == "vllm"]
            gpu = launch[launch.index("--gpu"):][:2]
            version = launch[launch.index("--vllm-version"):][:2] if "--vllm-version" in launch else []
            before, after = self.estimate(launch), self.estimate([*serve[0], *gpu, *version])
            for key in ("verdict", "ranks", "kv_cache"):
                self.assertEqual(before[key], after[key], name)

    def test_docker_is_one_command_a_machine(self):
        for name, launch in LAUNCHES.items():
            lines = commands(written(launch, "docker"))
            self.assertEqual(len(lines), 2 if "two machines" in name else 1, name)
            for words in lines:
                self.assertEqual(words[:2], ["docker", "run"], name)
                image = next(i for i, word in enumerate(words) if word.startswith("vllm/vllm-openai"))
                self.assertEqual(words[image - 2], "--entrypoint")
                self.assertIn(words[image + 1], ("serve", "-c"))

    def test_yaml_keeps_to_its_schema(self):
        for name, launch in LAUNCHES.items():
            jsonschema.validate(yaml.safe_load(written(launch, "compose")), COMPOSE)
            workload, service = yaml.safe_load_all(written(launch, "kubernetes"))
            jsonschema.validate(workload, WORKLOAD)
            jsonschema.validate(service, SERVICE)
            self.assertEqual(workload["spec"]["selector"]["matchLabels"], service["spec"]["selector"])
            self.assertEqual(workload["kind"] == "StatefulSet", "two machines" in name)
            jsonschema.validate(yaml.safe_load(written(launch, "ray-serve")), RAY)

    def test_containers_run_the_launch(self):
        for name, launch in LAUNCHES.items():
            if "two machines" in name:
                continue
            words = commands(written(launch, "launch"))[0]
            self.assertEqual([word.replace("$$", "$") for word in yaml.safe_load(written(launch, "compose"))["services"]["vllm"]["command"]], words, name)
            workload = next(iter(yaml.safe_load_all(written(launch, "kubernetes"))))
            self.assertEqual(workload["spec"]["template"]["spec"]["containers"][0]["command"], words, name)

    def test_config_file_says_what_the_launch_says(self):
        for name, launch in LAUNCHES.items():
            file = yaml.safe_load(written(launch, "vllm-yaml"))
            words = [file.pop("model")]
            for key, value in file.items():  # as vLLM flattens its config file
                words.append("--" + key)
                if isinstance(value, list):
                    words += map(str, value)
                elif value is not True:
                    words.append(str(value))
            self.assertEqual(["vllm", "serve", *words], [w for w in commands(written(launch, "launch")) if w[0] == "vllm"][0][:2 + len(words)], name)

    def test_ray_gets_engine_arguments_only(self):
        kwargs = yaml.safe_load(written(LAUNCHES["flags of every kind"], "ray-serve"))["applications"][0]["args"]["llm_configs"][0]["engine_kwargs"]
        self.assertNotIn("port", kwargs)
        self.assertEqual((kwargs["enforce_eager"], kwargs["limit_mm_per_prompt"], kwargs["cudagraph_capture_sizes"]), (True, {"image": 2}, [1, 2, 4]))

    def test_csv_and_json_have_the_numbers(self):
        for name, launch in LAUNCHES.items():
            report = json.loads(written(launch, "json"))
            rows = list(csv.DictReader(io.StringIO(written(launch, "csv"), newline="")))
            self.assertEqual(len(rows), max(len(report["ranks"]), 1), name)
            for row, rank in zip(rows, report["ranks"]):
                self.assertEqual({key: str(value) for key, value in rank.items() if key in row}, {key: row[key] for key in rank if key in row}, name)
                self.assertEqual(row["fits"], str(report["verdict"]["fits"]).lower())

    def test_markdown_tables_are_even(self):
        for name, launch in LAUNCHES.items():
            text = written(launch, "markdown")
            self.assertTrue(text.startswith("**"), name)
            self.assertEqual(text.count("\n```"), text.count("```\n"), name)

    def test_what_would_be_refused_says_so(self):
        for kind in ("launch", "docker", *YAML):
            answer = run("vllm", "serve", *LAUNCHES["refused"], "--format", kind)
            self.assertTrue(answer.stdout.startswith("# Refused: "), kind)
            self.assertEqual(answer.returncode, 1)

    def test_unknown_formats_get_a_sentence(self):
        answer = run(*LAUNCHES["plain"], "--format", "kubernets")
        self.assertEqual((answer.returncode, answer.stdout), (2, ""))
        self.assertIn("did you mean kubernetes?", answer.stderr)


if __name__ == "__main__":
    unittest.main()
