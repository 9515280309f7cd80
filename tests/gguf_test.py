#!/usr/bin/env python3
"""gguf_test.py PROGRAM: GGUF files of the official `gguf` package, read as its own reader reads them."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import gguf
except ImportError:
    print("skipped: python3 has no gguf package; tools/install-deps fetches it")
    sys.exit(77)

import gguf_files

PROGRAM = sys.argv.pop(1)


def run(*words):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=60)


def inspected(path):
    answer = run("inspect", path, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


class Gguf(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.files = {}
        for name, make in gguf_files.MODELS.items():
            cls.files[name] = pathlib.Path(cls.folder.name) / f"{name}.gguf"
            make(cls.files[name])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def assert_same(self, seen, reader, part=0):
        blocks = [b for b in seen["blocks"] if b["part"] == part]
        expected = [(t.name, [int(n) for n in t.shape], t.tensor_type.name.lower(), int(t.n_bytes), int(t.data_offset)) for t in reader.tensors]
        self.assertEqual([(b["name"], b["shape"], b["dtype"].lower(), b["bytes"], b["offset_bytes"]) for b in blocks], expected)

    def test_tensors_agree_with_the_packages_own_reader(self):
        for name, path in self.files.items():
            with self.subTest(name):
                seen, reader = inspected(path), gguf.GGUFReader(path)
                self.assert_same(seen, reader)
                self.assertEqual(seen["data_begin_bytes"], reader.data_offset)
                self.assertEqual(seen["weights_bytes"], sum(int(t.n_bytes) for t in reader.tensors))
                self.assertEqual(seen["parameters"], sum(int(t.n_elements) for t in reader.tensors))

    def test_metadata_agrees_with_the_packages_own_reader(self):
        for name, path in self.files.items():
            seen = inspected(path)["metadata"]
            for key, field in gguf.GGUFReader(path).fields.items():
                if key.startswith("GGUF."):
                    continue
                expected = field.contents()
                if isinstance(expected, list) and isinstance(expected[0], str):
                    expected = {"length": len(expected)}
                self.assertEqual(seen.pop(key), expected, (name, key))
            self.assertEqual(seen, {}, name)

    def test_every_type_of_the_package_has_its_block_size(self):
        seen = {b["dtype"].upper(): b["bytes"] for b in inspected(self.files["every_type"])["blocks"]}
        for kind, (block, size) in gguf.GGML_QUANT_SIZES.items():
            if kind not in gguf_files.NOT_COMPARED:
                self.assertEqual(seen[kind.name], 3 * 2 * max(block, 32) // block * size, kind.name)

    def test_a_split_model_is_one_model(self):
        stem = pathlib.Path(self.folder.name) / "split.gguf"
        gguf_files.dense(stem, split=10)
        parts = sorted(stem.parent.glob("split-*.gguf"))
        self.assertGreater(len(parts), 2)
        whole = inspected(self.files["dense"])
        for path in parts:
            seen = inspected(path)
            self.assertEqual((seen["weights_bytes"], seen["parameters"]), (whole["weights_bytes"], whole["parameters"]))
        for number, path in enumerate(parts):
            self.assert_same(seen, gguf.GGUFReader(path), number)
        parts[1].unlink()
        answer = run("inspect", parts[0])
        self.assertEqual((answer.returncode, answer.stdout), (2, ""))
        self.assertIn(parts[1].name, answer.stderr)

    def test_a_file_cut_short_is_refused(self):
        cut = pathlib.Path(self.folder.name) / "cut.gguf"
        cut.write_bytes(self.files["dense"].read_bytes()[:-100])
        answer = run("inspect", cut)
        self.assertEqual(answer.returncode, 2)
        self.assertRegex(answer.stderr, r"\Aerror: .*ends behind the file; is the download complete\?\n\Z")


if __name__ == "__main__":
    unittest.main()
