"""What is known about the start-ups that stand out, and those that are left out by name."""
import json
import pathlib

OUTLIERS = json.loads((pathlib.Path(__file__).resolve().parent.parent.parent / "data" / "measured" / "outliers.json").read_text())


def sections(left_out):
    out = ["\n## What stands out, and why\n"]
    out += [f"- {name}: {why}" for name, why in sorted(OUTLIERS.items())]
    out.append("\n## Left out by name\n")
    for name, why in sorted(left_out.items()):
        out.append(f"- {name}: {why if isinstance(why, str) else why['why'] + '; judged: ' + ', '.join(why['judged'])}")
    return out
