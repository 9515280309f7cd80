#!/usr/bin/env python3
"""hub_gguf_test PROGRAM: GGUF files of a hub, by range requests, against one on this machine that is good, broken and
hostile by turns; what is read must be what the same file says when it lies here."""
import json
import pathlib
import re
import struct
import sys
import tempfile

try:
    import gguf_files
except ImportError:
    print("skipped: python3 has no gguf package; tools/install-deps fetches it")
    sys.exit(77)

import loopback_hub

PROGRAM = sys.argv.pop(1)
TOKEN = loopback_hub.ProgramTest.token
GPU = ["--gpu", "RTX-4090"]
MIB = 1 << 20


class HubGgufTest(loopback_hub.ProgramTest):
    program, gpu = PROGRAM, GPU

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory()
        cls.pem = loopback_hub.certificate(cls.made.name)
        cls.files = {}
        for name, make, keywords in (("dense", gguf_files.dense, {}), ("words", gguf_files.dense, {"tokens": 400_000}),
                                     ("vision", gguf_files.projector, {})):
            path = pathlib.Path(cls.made.name) / f"{name}.gguf"
            make(path, **keywords)
            cls.files[name] = path
        gguf_files.dense(pathlib.Path(cls.made.name) / "split.gguf", split=10)

    @classmethod
    def tearDownClass(cls):
        cls.made.cleanup()

    def setUp(self):
        super().setUp()
        self.dense = self.files["dense"].read_bytes()
        self.hub.models["org/small-GGUF"] = {"README.md": b"x", "small-Q8_0.gguf": self.dense}

    def report(self, *words, **variables):
        run = self.run_program(*words, *GPU, "--json", **variables)
        self.assertEqual(run.stderr, "")
        report = json.loads(run.stdout)
        del report["model"]["name"], report["model"]["source"]
        return report

    def refused(self, name="org/small-GGUF:Q8_0", **variables):
        return self.refusal(name, **variables)

    def asked(self, ending=".gguf"):
        """(path, first byte, last byte) of every request of a file."""
        parts = []
        for path, headers in self.hub.requests:
            if path.endswith(ending):
                self.assertIn("Range", headers, "all of the file was asked for")
                first, last = re.fullmatch(r"bytes=(\d+)-(\d+)", headers["Range"]).groups()
                parts.append((path.split("/")[-1], int(first), int(last)))
        return parts

    def test_it_is_what_the_file_says_here(self):
        here = self.report(self.files["dense"])
        for name in ("org/small-GGUF:Q8_0", "org/small-GGUF:q8_0", "org/small-GGUF:", "org/small-GGUF@main:Q8_0",
                     "org/small-GGUF/small-Q8_0.gguf", "org/small-GGUF@main/SMALL-q8_0.gguf"):
            self.assertEqual(self.report(name), here, name)
        self.assertEqual(self.report("-hf", "org/small-GGUF"), here)
        self.assertEqual(self.report("-hf", "org/small-GGUF:Q8_0", "-c", "4096"), self.report(self.files["dense"], "-c", "4096"))
        blocks = [json.loads(self.run_program("inspect", name, "--json").stdout)["blocks"]
                  for name in (self.files["dense"], "org/small-GGUF:Q8_0")]
        self.assertEqual(*blocks)

    def test_the_table_is_fetched_and_the_tensors_are_not(self):
        words = self.files["words"].read_bytes()
        begin = json.loads(self.run_program("inspect", self.files["words"], "--json").stdout)["data_begin_bytes"]
        self.assertGreater(begin, 6 * MIB)
        content = loopback_hub.Weights({})
        content.front, content.size = words, len(words) + (30 << 30)  # its tensors end far behind what is read
        self.hub.models["org/words"] = {"words-Q4_K_M.gguf": content}
        self.assertEqual(self.report("org/words:"), self.report(self.files["words"]))
        parts = self.asked()
        self.assertEqual([first for _, first, _ in parts], [0, *(last + 1 for _, _, last in parts[:-1])], "nothing twice")
        self.assertLess(parts[-1][2], begin + 4 * MIB)

    def test_a_split_model(self):
        parts = sorted(pathlib.Path(self.made.name).glob("split-*.gguf"))
        self.hub.models["org/split"] = {f"Q8_0/{path.name.replace('split', 'model-Q8_0')}": path.read_bytes() for path in parts}
        self.assertEqual(self.report("org/split:Q8_0")["ranks"], self.report(self.files["dense"])["ranks"])
        self.assertEqual(len({name for name, _, _ in self.asked()}), len(parts))
        del self.hub.models["org/split"][max(self.hub.models["org/split"])]
        self.assertIn("the hub has no such file", self.refused("org/split:Q8_0", XDG_CACHE_HOME=str(self.folder / "other")))

    def test_the_projector_comes_along(self):
        self.hub.models["org/seeing"] = {"m-Q8_0.gguf": self.dense, "mmproj-F16.gguf": self.files["vision"].read_bytes()}
        here = self.report(self.files["dense"], "--mmproj", self.files["vision"])
        seeing, blind = self.report("org/seeing:Q8_0"), self.report("org/seeing:Q8_0", "--no-mmproj")
        self.assertEqual(seeing["ranks"], here["ranks"])
        self.assertLess(blind["ranks"][0]["peak_bytes"], seeing["ranks"][0]["peak_bytes"])
        self.assertEqual(blind["ranks"], self.report(self.files["dense"])["ranks"])

    def test_what_ollama_would_pull_from_the_hub(self):
        variables = {"OLLAMA_MODELS": str(self.folder / "store"), "VRAM_REGISTRY": str(self.folder / "registry.json")}
        here = self.report(self.files["dense"], "-c", "4096", "-np", "1")
        for name in ("ollama:hf.co/org/small-GGUF:Q8_0", "ollama:/hf.co/org/small-GGUF"):
            self.assertEqual(self.report(name, **variables)["ranks"], here["ranks"])
        (self.folder / "registry.json").write_text(json.dumps([{"name": "small", "backend": "ollama", "backend_config": {
            "model_path": "ollama:/hf.co/org/small-GGUF:q8_0", "extra_args": ["--num-ctx", "2048"]}}]))
        run = self.run_program("registry", "estimate", "small", *GPU, "--json", **variables)
        self.assertEqual(json.loads(run.stdout)["args"]["ctx_size"], 2048, run.stderr)
        fresh = {"XDG_CACHE_HOME": str(self.folder / "other"), "HF_HUB_OFFLINE": "1"}
        self.assertIn("the entry lacks", self.run_program("registry", "estimate", "small", *GPU, **variables | fresh).stderr)
        self.assertIn("not in Ollama's store", self.refused("ollama:small", **variables))

    def test_what_was_fetched_is_kept(self):
        first = self.report("org/small-GGUF:")
        asked = len(self.hub.requests)
        self.assertEqual(self.report("org/small-GGUF:"), first)
        self.assertEqual(self.report("org/small-GGUF:Q8_0", HF_HUB_OFFLINE="1"), first)
        self.assertEqual(len(self.hub.requests), asked, "all of it was here")
        kept = [path for path in self.folder.rglob("*.front") if path.name.startswith("small")]
        kept[0].write_bytes(kept[0].read_bytes()[:500])
        self.assertEqual(self.report("org/small-GGUF:"), first)
        self.assertGreater(len(self.hub.requests), asked, "what was damaged is fetched again")

    def test_a_cache_that_another_program_filled(self):
        model = self.folder / "elsewhere/models--org--local-GGUF"
        snapshot = model / "snapshots" / loopback_hub.COMMIT
        snapshot.mkdir(parents=True)
        (model / "refs").mkdir()
        (model / "refs/main").write_text(loopback_hub.COMMIT)
        (snapshot / "local-Q4_K_M.gguf").write_bytes(self.dense)
        variables = {"HF_HUB_CACHE": str(self.folder / "elsewhere")}
        self.assertEqual(self.report("org/local-GGUF:", HF_HUB_OFFLINE="1", **variables), self.report(self.files["dense"]))
        self.assertEqual(self.hub.requests, [])
        self.hub.models["org/local-GGUF"] = {"local-Q4_K_M.gguf": self.dense}
        self.report("org/local-GGUF:", **variables)
        self.assertEqual(self.asked(), [], "the file lies here")

    def test_names_that_lead_nowhere(self):
        self.assertIn('no GGUF file of "Q2_K"; behind the colon may stand Q8_0', self.refused("org/small-GGUF:Q2_K"))
        self.assertIn("behind the colon may stand Q8_0", self.refused("org/small-GGUF/other.gguf"))
        self.assertIn("no public model of that name", self.refused("org/nothing:Q8_0"))
        self.assertIn('no revision "v9"', self.refused("org/small-GGUF@v9:Q8_0"))
        self.assertIn('named as "org/small-GGUF:Q8_0"', self.refused("org/small-GGUF"))
        self.assertIn("not in the hub's cache", self.refused(HF_HUB_OFFLINE="1"))
        self.hub.models["org/plain"] = {"config.json": b"{}"}
        self.assertIn("no GGUF file of a model", self.refused("org/plain:Q8_0"))

    def test_the_token_stays_with_the_hub(self):
        storage = loopback_hub.Hub(self.pem)
        self.addCleanup(storage.close)
        storage.models = self.hub.models
        signed = f"{storage.url()}/org/small-GGUF/resolve/main/small-Q8_0.gguf?X-Amz-Signature=SignedSecret"
        self.hub.behaviours["small-Q8_0.gguf"] = lambda handler: handler.redirect(signed)
        self.assertEqual(self.report("org/small-GGUF:", HF_TOKEN=TOKEN), self.report(self.files["dense"]))
        self.assertTrue(all(headers.get("Authorization") == f"Bearer {TOKEN}" for _, headers in self.hub.requests))
        self.assertTrue(storage.requests and not any("Authorization" in headers for _, headers in storage.requests))
        for file in self.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(TOKEN.encode(), file.read_bytes(), file)
                self.assertNotIn(b"SignedSecret", file.read_bytes(), file)

    def test_broken_answers_end_in_a_sentence(self):
        def answer(body, range_text, status=206):
            return {"small-Q8_0.gguf": lambda handler: handler.answer(status, body, {"Content-Range": range_text} if range_text else {})}
        size = len(self.dense)
        for behaviours, words in (
                (answer(self.dense[:1000], "", 200), "does not answer with a part of the file"),
                (answer(self.dense[:1000], f"bytes 77-1076/{size}"), "another part of the file"),
                (answer(self.dense[:1000], "bytes 0-999/*"), "does not answer with a part of the file"),
                (answer(b"", f"bytes 0-0/{size}"), "sends nothing of it"),
                (answer(b"<html>not found</html>", "bytes 0-21/22"), "it is no GGUF file"),
                (answer(self.dense[:1000], "bytes 0-999/1000"), "the file ends inside its header"),
                (answer(self.dense[:1000], "bytes 0-999/2000"), "another part of the file"),
                ({"small-Q8_0.gguf": loopback_hub.broken}, "resolve"),
                ({"small-Q8_0.gguf": loopback_hub.status(403)}, "refuses access")):
            self.hub.behaviours = behaviours
            self.assertIn(words, self.refused())

    def test_a_file_that_changes_while_it_is_read(self):
        sizes = iter((10 * MIB, 11 * MIB))

        def change(handler):
            first = int(handler.headers["Range"].removeprefix("bytes=").split("-")[0])
            body = self.files["words"].read_bytes()[first:first + MIB]
            handler.answer(206, body, {"Content-Range": f"bytes {first}-{first + len(body) - 1}/{next(sizes)}"})
        self.hub.behaviours = {"small-Q8_0.gguf": change}
        self.assertIn("it changed while it was read", self.refused())

    def test_a_header_without_end_is_left(self):
        content = loopback_hub.Weights({})
        content.front = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<IQ", 8, 1 << 40)
        content.size = 2 << 40
        self.hub.models["org/small-GGUF"]["small-Q8_0.gguf"] = content
        self.assertIn("more than 64 MiB", self.refused())
        self.assertLess(self.asked()[-1][2], 70 * MIB)

    def test_a_hub_that_stalls_is_left(self):
        self.hub.behaviours = {"small-Q8_0.gguf": loopback_hub.slow(3)}
        self.assertIn("does not answer in time", self.refused(HF_HUB_DOWNLOAD_TIMEOUT="1"))


loopback_hub.run_tests(HubGgufTest)
