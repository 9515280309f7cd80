#!/usr/bin/env python3
"""`explore` in a pseudo-terminal: keys change arguments, the screen follows, the terminal is left as it was."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

PROGRAM = sys.argv.pop(1)
UP, DOWN, RIGHT, LEFT = (b"\x1b[" + letter for letter in (b"A", b"B", b"C", b"D"))


class Screen:
    def __init__(self, *words, columns=80):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.seen = ""
        self.process = subprocess.Popen([PROGRAM, "explore", *words], stdin=self.slave, stdout=self.slave, stderr=self.slave, env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"})

    def read(self, seconds=0.3):
        while select.select([self.master], [], [], seconds)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            self.seen += data.decode(errors="replace")
        return self.seen

    def until(self, text, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if text in self.last():
                return self.last()
            self.read(0.1)
        raise AssertionError(f"{text!r} never came: {self.last()!r}")

    def last(self):
        """The last frame that was drawn."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.seen.split("\x1b[H")[-1])

    def type(self, keys):
        os.write(self.master, keys)

    def end(self):
        status = self.process.wait(timeout=30)
        self.read(0.1)
        after = termios.tcgetattr(self.slave)
        os.close(self.master)
        os.close(self.slave)
        return status, self.before == after


class Explore(unittest.TestCase):
    def test_keys_change_arguments(self):
        screen = Screen("Qwen/Qwen3-8B", "--gpu", "4090", "--max-model-len", "8192")
        screen.until("> --max-model-len             < 8,192")
        screen.type(LEFT)
        screen.until("< 4,096 >")
        screen.type(DOWN + LEFT)
        screen.until("> --gpu-memory-utilization    < 0.91 >")
        screen.type(b"q")
        self.assertEqual(screen.end(), (0, True))
        self.assertIn("vllm serve Qwen/Qwen3-8B --max-model-len 4096 --gpu-memory-utilization 0.91", screen.seen.split("\x1b[?1049l")[-1])

    def test_bars_move_and_refusals_show(self):
        screen = Screen("Qwen/Qwen3-8B", "--gpu", "4090", "--max-model-len", "8192")
        start = screen.until("Starts")
        screen.type(UP + LEFT)  # the GPU: a smaller one
        self.assertNotEqual(screen.until("A10G 24 GB").split("\n")[3], start.split("\n")[3])
        screen.type(DOWN + DOWN + LEFT * 20)
        screen.until("Refused")
        screen.type(b"q")
        self.assertEqual(screen.end(), (1, True))

    def test_a_half_read_key_waits_for_the_rest(self):
        screen = Screen("Qwen/Qwen3-8B", "--gpu", "4090", "--max-model-len", "8192")
        screen.until("< 8,192")
        screen.type(b"\x1b")
        screen.read()
        screen.type(b"[D")
        screen.until("< 4,096")
        screen.type(b"\x03")
        self.assertEqual(screen.end(), (0, True))

    def test_the_terminal_comes_back_when_it_is_told_to_end(self):
        screen = Screen("Qwen/Qwen3-8B", "--gpu", "4090", "--max-model-len", "8192")
        screen.until("Starts")
        screen.process.send_signal(signal.SIGTERM)
        self.assertTrue(screen.end()[1])
        self.assertIn("\x1b[?1049l", screen.seen)

    def test_it_follows_the_window(self):
        screen = Screen("Qwen/Qwen3-8B", "--gpu", "4090", "--max-model-len", "8192")
        wide = max(map(len, screen.until("Starts").splitlines()))
        fcntl.ioctl(screen.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 50, 0, 0))
        screen.process.send_signal(signal.SIGWINCH)
        time.sleep(0.5)
        screen.read()
        self.assertLessEqual(max(len(line) for line in screen.last().splitlines() if "▓" in line), 50)
        self.assertGreater(wide, 50)
        screen.type(b"q")
        screen.end()

    def test_without_a_terminal_it_is_a_report(self):
        answer = subprocess.run([PROGRAM, "explore", "Qwen/Qwen3-8B", "--gpu", "4090", "--max-model-len", "8192"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertTrue(answer.stdout.startswith("Starts"), answer.stdout)
        self.assertNotIn("\x1b", answer.stdout)


if __name__ == "__main__":
    unittest.main()
