"""cli_test PROGRAM GOLDEN: the program as people and scripts call it.

GOLDEN is a file of requests with the answers of the tool that this program replaces; each is asked through the flags."""
import concurrent.futures
import json
import os
import pathlib
import pty
import re
import shlex
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
GOLDEN = [json.loads(line) for line in pathlib.Path(sys.argv[2]).read_text().splitlines()]
KNOWN_QUANTS = {"fp16", "bf16", "fp8", "mxfp8", "int8", "int4", "fp4", "mxfp4"}
KNOWN_KV = {"fp16", "bf16", "fp8"}
MODEL = "--params-billion 8 --layers 36 --kv-heads 8 --head-dim 128".split()
NAMED = [*MODEL, "--profile", "ada_16gb"]
PLAIN = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "LC_ALL": "C.UTF-8"}
FLAGS = {
    "params_billion": "--params-billion", "quant": "--quant", "layers": "--layers", "kv_heads": "--kv-heads",
    "head_dim": "--head-dim", "kv_dtype": "--kv-dtype", "batch": "--batch", "context_k": "--context-k",
    "overhead_gib": "--overhead", "vision_gib": "--vision", "frag_factor": "--frag",
    "bytes_per_param_override": "--bytes-per-param", "kv_bytes_override": "--kv-bytes",
    "total_vram_gib": "--total-vram-gib", "max_context_k": "--max-context-k",
}


def run(*words, program=PROGRAM, env=None, **more):
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=30,
                          env={**PLAIN, **(env or {})}, **more)


def at_once(call, items):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(call, items))


def flags(request):
    return [word for key, value in request.items() for word in (FLAGS[key], value)]


def close(a, b):
    return abs(a - b) <= 1e-9 * max(1, abs(b))


class Golden(unittest.TestCase):
    def ask(self, kind, command):
        lines = [line for line in GOLDEN if line["kind"] == kind]
        answers = at_once(lambda line: run(command, *flags(line["request"]), "--json"), lines)
        return list(zip(lines, answers))

    def check_warnings(self, request, answer):
        unknown = "bytes_per_param_override" not in request and request["quant"].lower() not in KNOWN_QUANTS
        self.assertEqual("warning: --quant: " in answer.stderr, unknown)
        unknown = "kv_bytes_override" not in request and request["kv_dtype"].lower() not in KNOWN_KV
        self.assertEqual("warning: --kv-dtype: " in answer.stderr, unknown)

    def test_estimates(self):
        asked = self.ask("estimate", "estimate")
        self.assertEqual(len(asked), 206)
        for line, answer in asked:
            with self.subTest(line["id"]):
                self.assertEqual(answer.returncode, 0)
                found = json.loads(answer.stdout)
                self.assertEqual(list(found), list(line["expect"]))
                for key, expected in line["expect"].items():
                    self.assertTrue(close(found[key], expected), (key, found[key], expected))
                self.check_warnings(line["request"], answer)

    def test_longest_contexts(self):
        asked = self.ask("max_context", "max-context")
        self.assertEqual(len(asked), 198)

        def total_at(pair):
            line, answer = pair
            tokens = json.loads(answer.stdout)["context_tokens"]
            request = {k: v for k, v in line["request"].items() if k not in ("total_vram_gib", "max_context_k")}
            return [json.loads(run("estimate", *flags(request), "--context-k", n / 1024, "--json").stdout)["total_gib"]
                    for n in (tokens, tokens + 1)]

        for (line, answer), (at, beyond) in zip(asked, at_once(total_at, asked)):
            with self.subTest(line["id"]):
                request, found = line["request"], json.loads(answer.stdout)
                self.assertEqual(list(found), list(line["expect"]))
                self.assertTrue(all(isinstance(value, float) for value in found.values()))
                tokens, budget = found["context_tokens"], request["total_vram_gib"]
                self.assertTrue(tokens.is_integer())
                self.assertEqual(found["context_k"], tokens / 1024)
                self.assertGreaterEqual(tokens, line["expect"]["context_tokens"])
                self.assertEqual(found["total_gib"], at)
                self.assertTrue(beyond > budget or tokens == request["max_context_k"] * 1024)
                fits = line["expect"]["total_gib"] <= budget
                self.assertEqual(answer.returncode, 0 if fits else 1)
                self.assertEqual("Does not fit: " in answer.stderr, not fits)
                self.check_warnings(request, answer)


class Answers(unittest.TestCase):
    def test_tables_keep_the_existing_rows(self):
        text = run("estimate", *NAMED).stdout
        self.assertIn("VRAM Estimate", text)
        for row in ("Weights", "KV Cache", "Overhead", "Vision Tower", "Fragmentation Factor", "Total"):
            self.assertRegex(text, rf"(?m)^  {row} +\d+\.\d\d$")
        text = run("max-context", *NAMED, "--total-vram-gib", 12).stdout
        self.assertIn("Max Context Estimate", text)
        for row in (r"Context \(k tokens\) +16\.55", r"Context \(tokens\) +16947", r"KV Cache \(GiB\) +1\.16",
                    r"Estimated Total \(GiB\) +12\.00"):
            self.assertRegex(text, rf"(?m)^  {row}$")
        text = run("profiles").stdout
        self.assertIn("Overhead Profiles", text)
        self.assertEqual(re.findall(r"(?m)^  (\w+_?\w*) +\d", text),
                         ["ada_16gb", "default", "hopper_80gb", "studio_dual"])

    def test_defaults_are_the_existing_ones(self):
        spelled = run("estimate", *MODEL, *"--quant fp8 --kv-dtype fp8 --context-k 8 --batch 1 --profile default".split(),
                      "--json")
        self.assertEqual(run("estimate", *MODEL, "--json").stdout, spelled.stdout)
        self.assertEqual(run(*MODEL, "--json").stdout, spelled.stdout)
        spelled = run("max-context", *MODEL, "--total-vram-gib", 80, "--max-context-k", 256, "--json")
        self.assertEqual(run("max-context", *MODEL, "--total-vram-gib", 80, "--json").stdout, spelled.stdout)

    def test_a_named_profile_is_taken_and_its_numbers_overridden(self):
        found = json.loads(run("estimate", *NAMED, "--vision", 0.25, "--json").stdout)
        self.assertEqual((found["overhead_gib"], found["vision_gib"], found["frag_factor"]), (1.6, 0.25, 1.12))

    def test_nothing_that_fits_is_said_plainly(self):
        answer = run("max-context", *NAMED, "--quant", "fp16", "--total-vram-gib", 12)
        self.assertEqual(answer.returncode, 1)
        self.assertEqual(answer.stderr, "Does not fit: 19.04 GiB are needed before the first token, 12.00 are given.\n")
        self.assertRegex(answer.stdout, r"Context \(tokens\) +0\n")

    def test_the_existing_name_is_the_same_program(self):
        other = PROGRAM.with_name("imageworks-vram-estimator")
        for words in (["estimate", *NAMED], ["max-context", *NAMED, "--total-vram-gib", 12], ["profiles"]):
            self.assertEqual(run(*words, program=other).stdout, run(*words).stdout)
        self.assertIn("Usage: imageworks-vram-estimator", run("--help", program=other).stdout)

    def test_examples_work(self):
        for command in ("estimate", "max-context", "profiles"):
            text = run(command, "--help").stdout
            example = shlex.split(text.split("Example:\n")[1].replace("\\\n", " "))
            self.assertEqual(example.pop(0), "vram-estimator")
            self.assertNotRegex(text, r"\\\n\Z")
            answer = run(*example)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""))
            self.assertEqual(run("help", command).stdout, text)
            self.assertEqual(run(command, "--nonsense", "-h").stdout, text)

    def test_version(self):
        self.assertRegex(run("--version").stdout, r"^vram-estimator \d+\.\d+\.\d+\n$")

    def test_a_start_is_quick(self):
        def seconds():
            before = time.perf_counter()
            run("estimate", *NAMED)
            return time.perf_counter() - before
        # The best of many, so that a busy machine does not fail; a pause of any kind would.
        self.assertLess(min(seconds() for _ in range(30)), 0.030)


class Misuse(unittest.TestCase):
    def refused(self, *words, sentence=None, **more):
        answer = run(*words, **more)
        self.assertEqual(answer.returncode, 2, words)
        self.assertEqual(answer.stdout, "", words)
        self.assertRegex(answer.stderr, r"\Aerror: [^\n]+\n\Z", words)
        if sentence:
            self.assertEqual(answer.stderr, f"error: {sentence}\n")

    def test_impossible_numbers(self):
        bad = ["nan", "inf", "-inf", "-1", "1e400", "", "1e30", "0x10", "eight", "1,5", " 8", "NaN", "--json"]
        number_flags = [f for f in FLAGS.values() if f not in ("--quant", "--kv-dtype", "--total-vram-gib",
                                                               "--max-context-k")]
        for flag in number_flags:
            for value in bad:
                self.refused("estimate", *NAMED, flag, value, "--json")
        for flag in ("--total-vram-gib", "--max-context-k"):
            for value in bad:
                self.refused("max-context", *NAMED, "--total-vram-gib", 12, flag, value)
        for flag in ("--layers", "--kv-heads", "--head-dim", "--batch"):
            for value in ("0", "1.5"):
                self.refused("estimate", *NAMED, flag, value)

    def test_sentences(self):
        self.refused("estimate", *NAMED, "--layers", "eight",
                     sentence='--layers: expected a whole number from 1 to 100,000, found "eight"')
        self.refused("estimate", *MODEL, "--profile", "big",
                     sentence='--profile: no profile is called "big"; known are ada_16gb, default, hopper_80gb, '
                              'studio_dual')
        self.refused("estimate", *NAMED, "--context", "8",
                     sentence="--context: estimate has no such option; did you mean --context-k?")
        self.refused("estimat", sentence='estimat: no command is called that; did you mean "estimate"?')
        self.refused("estimate", "--layers", "3",
                     sentence='estimate: it needs --params-billion, --kv-heads, --head-dim; "estimate --help" has an '
                              'example')
        self.refused("max-context", *NAMED,
                     sentence='max-context: it needs --total-vram-gib; "max-context --help" has an example')
        self.refused("estimate", "org/model", *NAMED,
                     sentence="org/model: a model cannot go with the figures of one; leave either out")
        self.refused(sentence='no command; "vram-estimator --help" lists them')
        self.refused("profiles", "--color", "blue", sentence='--color: expected auto, always or never, found "blue"')

    def test_odd_lines(self):
        for words in (["estimate", "--"], ["estimate", "---"], ["estimate", "--="], ["estimate", "-"], [""],
                      ["profiles", "x"], ["profiles", "--json=maybe"], ["estimate", *NAMED, "a", "b"],
                      ["estimate", "--bad\x1b[31m\nflag"], ["x" * 100_000], ["estimate", "--profile", "\xff", *MODEL]):
            self.refused(*words)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            answer = subprocess.run([PROGRAM, "profiles"], stdout=full, stderr=subprocess.PIPE, text=True, env=PLAIN)
        self.assertEqual(answer.returncode, 2)
        self.assertEqual(answer.stderr, "error: standard output: No space left on device\n")


class UserProfiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def profiles(self, text, *words, **env):
        path = self.folder / "vram-estimator" / "profiles.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return run("profiles", "--json", *words, env=env or {"XDG_CONFIG_HOME": str(self.folder)})

    def test_are_found_in_the_config_folder(self):
        mine = {"mine": {"overhead_gib": 3.0, "vision_gib": 0.0, "frag_factor": 1.1}}
        answer = self.profiles('{"mine": {"overhead_gib": 3}}')
        self.assertEqual(answer.stderr, "")
        self.assertLessEqual(mine.items(), json.loads(answer.stdout).items())
        (self.folder / ".config").symlink_to(self.folder)
        answer = self.profiles('{"mine": {"overhead_gib": 3}}', HOME=str(self.folder))
        self.assertLessEqual(mine.items(), json.loads(answer.stdout).items())
        answer = run("estimate", *MODEL, "--profile", "mine", "--profiles",
                     self.folder / "vram-estimator/profiles.json", "--json")
        self.assertEqual(json.loads(answer.stdout)["overhead_gib"], 3.0)

    def test_that_are_broken_are_a_warning(self):
        built_in = run("profiles", "--json").stdout
        for text in ("", "{", "[]", '{"mine": 1}', '{"mine": {"overhead_gib": NaN}}', '{"mine": {"frag_factor": 1e999}}',
                     '{"mine": {"frag_factor": -1}}', "[" * 10_000, "\0", "{" + " " * 2_000_000):
            answer = self.profiles(text)
            self.assertEqual((answer.returncode, answer.stdout), (0, built_in), text[:40])
            self.assertRegex(answer.stderr, r"\Awarning: [^\n]*profiles\.json: [^\n]+\n\Z", text[:40])

    def test_that_are_no_file_are_a_warning(self):
        for path in (self.folder, self.folder / "none", "/dev/zero", "/dev/stdin/x"):
            answer = run("estimate", *NAMED, "--profiles", path, "--json")
            self.assertEqual(answer.returncode, 0)
            self.assertEqual(json.loads(answer.stdout)["overhead_gib"], 1.6)
            self.assertRegex(answer.stderr, r"\Awarning: [^\n]+; only the built-in profiles are used\n\Z")


class OnATerminal(unittest.TestCase):
    def error_on_terminal(self, **env):
        ours, theirs = pty.openpty()
        subprocess.run([PROGRAM, "estimat"], stdout=subprocess.DEVNULL, stderr=theirs, env={**PLAIN, **env}, timeout=30)
        os.close(theirs)
        text = os.read(ours, 4096).decode()
        os.close(ours)
        return text

    def test_errors_are_coloured_there_alone(self):
        self.assertIn("\x1b[", self.error_on_terminal(TERM="xterm"))
        self.assertNotIn("\x1b[", self.error_on_terminal(TERM="xterm", NO_COLOR="1"))
        self.assertNotIn("\x1b[", self.error_on_terminal(TERM="dumb"))
        self.assertNotIn("\x1b[", run("estimat", env={"TERM": "xterm"}).stderr)
        self.assertIn("\x1b[", run("estimat", env={"CLICOLOR_FORCE": "1"}).stderr)

    def test_tables_follow_the_width(self):
        self.assertIn("Fragmentation\n", run("profiles").stdout)
        self.assertNotIn("Fragmentation", run("profiles", env={"COLUMNS": "45"}).stdout)
        self.assertIn("\nWeights: 7.45\n", run("estimate", *NAMED, env={"COLUMNS": "30"}).stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
