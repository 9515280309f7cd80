#!/usr/bin/env python3
"""The questions of docs/plan.md: each answer begins as it says there, and every number is what `batch` answers.

    plan_docs_test.py PROGRAM [--update]   --update writes the answers into docs/plan.md"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1)
ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "plan.md"
BLOCK = re.compile(r"```\n\$ (vram-estimator plan [^\n]*)\n(.*?)```", re.S)


def run(words, **keywords):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=300, cwd=ROOT, **keywords)


def words_of(command):
    return shlex.split(command)[1:]


def head(command):
    """The answer up to the first empty line."""
    return run(words_of(command)).stdout.split("\n\n")[0] + "\n"


class Questions(unittest.TestCase):
    def test_answers_begin_as_the_page_says(self):
        blocks = BLOCK.findall(PAGE.read_text())
        self.assertEqual(len(blocks), 7)
        for command, shown in blocks:
            self.assertEqual(head(command), shown, command)

    def test_every_number_is_what_batch_answers(self):
        for command, _ in BLOCK.findall(PAGE.read_text()):
            answer = json.loads(run([*words_of(command), "--json"]).stdout)
            self.assertTrue(answer["placements"], command)
            requests = "".join(json.dumps(placement["request"]) + "\n" for placement in answer["placements"])
            reports = [json.loads(line) for line in run(["batch", "-"], input=requests).stdout.splitlines()]
            for placement, report in zip(answer["placements"], reports, strict=True):
                self.assertTrue(report["verdict"]["fits"] and report["workload"]["fits"], placement["request"])
                self.assertEqual(placement["kv_cache_tokens"], report["kv_cache"]["tokens"])
                self.assertEqual(placement["probability_fits"], report["verdict"]["probability_fits"])
                self.assertEqual(placement["concurrent_requests_possible"], report["workload"]["concurrent_requests_possible"] * placement["data_parallel_size"])
                self.assertIn(placement["available_kv_bytes"], [rank["available_kv_bytes"] for rank in report["ranks"]])
                sizes = [report["args"][name] for name in ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")]
                self.assertEqual(placement["gpus"], sizes[0] * sizes[1] * sizes[2])


if __name__ == "__main__":
    if "--update" in sys.argv:
        PAGE.write_text(BLOCK.sub(lambda found: f"```\n$ {found[1]}\n{head(found[1])}```", PAGE.read_text()))
    else:
        unittest.main()
