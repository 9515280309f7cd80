#!/usr/bin/env python3
"""parsers_test.py PROGRAM: every --format through the parser of what reads it, as far as that is installed here:

Docker Compose's own (compose-go, built by Go), Kubernetes' schemas (the kubernetes-validate package), Ray Serve's and
Ray LLM's models (ray[llm]) and vLLM's argument parser (vllm). What is not there is skipped and said: another Python
than the build's may have it."""
import importlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

import launches

PROGRAM = sys.argv.pop(1)
HERE = pathlib.Path(__file__).resolve().parent


def first_module(*names):
    """Whichever of them there is: they move from release to release."""
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError as error:
            why = error
    raise unittest.SkipTest(f"python3 has no {names[0].split('.')[0]} with all it needs: {why}")


def written(launch, kind):
    return subprocess.run([PROGRAM, "vllm", "serve", *launch, "--format", kind], capture_output=True, text=True, timeout=120).stdout


class Compose(unittest.TestCase):
    def test_compose_go_loads_it(self):
        if not shutil.which("go"):
            self.skipTest("Go is not installed")
        with tempfile.TemporaryDirectory() as folder:
            parser = pathlib.Path(folder) / "compose-parser"
            built = subprocess.run(["go", "build", "-o", parser, "."], cwd=HERE / "compose-parser", capture_output=True, text=True, timeout=300)
            if built.returncode:
                self.skipTest("compose-go cannot be built here: " + built.stderr.splitlines()[-1])
            for name, launch in launches.LAUNCHES.items():
                text = written(launch, "compose")
                answer = subprocess.run([parser], input=text, capture_output=True, text=True, timeout=60)
                self.assertEqual(answer.returncode, 0, (name, answer.stderr))
                self.assertEqual(answer.stdout.split(), sorted(yaml.safe_load(text)["services"]), name)
            wrong = subprocess.run([parser], input=text.replace("ipc:", "ipcs:"), capture_output=True, text=True, timeout=60)
            self.assertEqual(wrong.returncode, 1)


class Kubernetes(unittest.TestCase):
    def test_schemas_accept_it(self):
        validate = first_module("kubernetes_validate")
        version = validate.latest_version()
        for name, launch in launches.LAUNCHES.items():
            for resource in yaml.safe_load_all(written(launch, "kubernetes")):
                validate.validate(resource, version, strict=True)
        resource["spec"]["prots"] = []
        with self.assertRaises(validate.ValidationError):
            validate.validate(resource, version, strict=True)


class RayServe(unittest.TestCase):
    def test_its_models_accept_it(self):
        schema, models = first_module("ray.serve.schema"), first_module("ray.serve.llm")
        for name, launch in launches.LAUNCHES.items():
            config = yaml.safe_load(written(launch, "ray-serve"))
            schema.ServeDeploySchema.model_validate(config)
            for model in config["applications"][0]["args"]["llm_configs"]:
                models.LLMConfig(**model)
                with self.assertRaises(ValueError, msg=name):
                    models.LLMConfig(**model, engine_args={})


class Vllm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Without a GPU its wheel knows no device: its own CPU platform takes the place.
        platforms = first_module("vllm.platforms")
        platforms._current_platform = first_module("vllm.platforms.cpu").CpuPlatform()
        make = first_module("vllm.entrypoints.common.cli_args", "vllm.entrypoints.launchers.cli_args", "vllm.entrypoints.openai.cli_args")
        cls.parser = first_module("vllm.utils.argparse_utils", "vllm.utils").FlexibleArgumentParser()
        make.make_arg_parser(cls.parser.add_subparsers(dest="subparser").add_parser("serve"))

    def accepts(self, words, name):
        self.assertEqual(words[:2], ["vllm", "serve"], name)
        try:
            parsed = self.parser.parse_args(words[1:])
        except SystemExit:
            self.fail(f"{name}: {words}")
        return parsed

    def test_commands(self):
        for name, launch in launches.LAUNCHES.items():
            words = [w for w in launches.commands(written(launch, "launch")) if w[0] == "vllm"]
            self.assertTrue(words, name)
            for line in words:
                self.accepts(line, name)
            if "two machines" not in name:
                compose = yaml.safe_load(written(launch, "compose"))["services"]["vllm"]["command"]
                self.accepts([word.replace("$$", "$") for word in compose], name)
                self.accepts(next(iter(yaml.safe_load_all(written(launch, "kubernetes"))))["spec"]["template"]["spec"]["containers"][0]["command"], name)
        with self.assertRaises(self.failureException):
            self.accepts(["vllm", "serve", "x", "--max-modl-len", "1"], "wrong")

    def test_config_file(self):
        for name, launch in launches.LAUNCHES.items():
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(written(launch, "vllm-yaml"))
                file.flush()
                by_file = self.accepts(["vllm", "serve", "--config", file.name], name)
            line = next(w for w in launches.commands(written(launch, "launch")) if w[0] == "vllm")
            by_line = self.accepts(line, name)
            self.assertEqual(by_file.model_tag or by_file.model, by_line.model_tag, name)
            for field in ("max_model_len", "tensor_parallel_size", "gpu_memory_utilization", "enforce_eager", "limit_mm_per_prompt", "cudagraph_capture_sizes"):
                self.assertEqual(getattr(by_file, field), getattr(by_line, field), (name, field))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    sys.exit(not result.wasSuccessful() or 77 * (len(result.skipped) >= result.testsRun))
