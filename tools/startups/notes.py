"""What is known about the start-ups that stand out, and those that are left out by name."""
import json
import pathlib

from startups.requests import card

root = pathlib.Path(__file__).resolve().parent.parent.parent
OUTLIERS = json.loads((root / "data" / "measured" / "outliers.json").read_text())


def stands_out(quantity, item):
    if quantity == "available KV":
        return abs(item.off) > 0.03 * item.total or not item.covered and abs(item.off) > 0.5
    return quantity == "model loading" and item.share > 0.02


def why(row, unexplained):
    return unexplained.get(row["id"]) or OUTLIERS.get(row["id"]) or OUTLIERS.get(card(row)[0]) or "not explained"


def sections(found, left_out, unexplained):
    out = ["\n## Start-ups that stand out\n", "Available KV off by more than 3 % of the GPU's memory, or outside its interval by more than 0.5 GiB; model loading off by more than 2 %.\n",
           "| start-up | model | GPU | quantity | off, GiB | why |", "| --- | --- | --- | --- | --- | --- |"]
    for quantity in ("available KV", "model loading"):
        for item in sorted(found[quantity], key=lambda i: -abs(i.off)):
            if stands_out(quantity, item):
                out.append(f"| {item.row['id']} | {item.row['config'].split('__')[1]} | {card(item.row)[0]} | {quantity} | {item.off:+.2f} | {why(item.row, unexplained)} |")
    out.append("\n## Left out by name\n")
    for name, reason in sorted(left_out.items()):
        out.append(f"- {name}: {reason if isinstance(reason, str) else reason['why'] + '; judged: ' + ', '.join(reason['judged'])}")
    out.append("")
    return out
