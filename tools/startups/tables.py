"""docs/accuracy.md: what was predicted against what was printed."""
import collections
import json
import pathlib
import re
import statistics

from startups import answers, notes
from startups.requests import LEFT_OUT, card, era

GIB = answers.GIB
root = pathlib.Path(__file__).resolve().parent.parent.parent
ORDER = ["available KV", "model loading", "activation peak", "non-torch", "CUDA graphs", "graph estimate", "context"]


def percentile(values, share):
    values = sorted(values)
    return values[min(int(share * len(values)), len(values) - 1)] if values else float("nan")


class Judged:
    """One quantity of one start-up."""

    def __init__(self, each, report, quantity, value):
        self.row, self.family, self.situation = each["row"], each["family"], report["uncertainty"]["situation"]
        self.predicted, self.measured = answers.gib(report, answers.REPORTED[quantity]), value
        low, high = report["ranks"][0]["intervals"][answers.UNITS[quantity][0]]
        self.low, self.high = low / GIB, high / GIB
        self.total = report["gpu"]["total_bytes"] / GIB

    @property
    def off(self):
        return self.predicted - self.measured

    @property
    def share(self):
        return abs(self.off) / max(abs(self.measured), 0.01)

    @property
    def covered(self):
        return self.low - 0.006 <= self.measured <= self.high + 0.006


def judged(asked, reports):
    found = collections.defaultdict(list)
    for each, report in zip(asked, reports):
        if not answers.answered(report):
            continue
        for quantity, value in answers.measured(each, report).items():
            if quantity in ("CUDA graphs", "graph estimate") and not report["uncertainty"]["situation"]["graphs"]:
                continue
            found[quantity].append(Judged(each, report, quantity, value))
    return found


def summary(title, items):
    gib = [abs(i.off) for i in items]
    return (f"| {title} | {len(items)} | {len({i.family for i in items})} | {statistics.median(i.share for i in items):.2%} | {percentile([i.share for i in items], 0.95):.1%} | "
            f"{statistics.median(gib):.2f} | {percentile(gib, 0.95):.2f} | {statistics.median(i.off for i in items):+.2f} | {sum(i.covered for i in items) / len(items):.0%} |")


HEAD = "| {} | start-ups | families | median error | 95th percentile | median, GiB | 95th, GiB | bias (median), GiB | intervals hold |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |"


def groups(items, by):
    found = collections.defaultdict(list)
    for item in items:
        found[by(item)].append(item)
    return sorted(found.items(), key=lambda g: (-len(g[1]), str(g[0])))


def verdicts(asked, reports):
    """(judged, wrong): start-ups whose verdict the row lets one judge."""
    wrong, count = [], 0
    for each, report in zip(asked, reports):
        if "verdict" in each["unknown"] or not answers.answered(report):
            continue
        count += 1
        started = not each["row"].get("oom_or_refused") or answers.available(each["row"]) is not None and each["row"].get("kv_tokens") is not None
        if report["verdict"]["fits"] != started:
            wrong.append((each, report))
    return count, wrong


PROFILE = json.loads((root / "data" / "profiles" / "default.json").read_text())


def simple(report):
    """What is left for the KV cache by the existing tool's formula (its default profile, all GPUs as one), and by
    weights + KV + 10 %: GiB a GPU. Both know the parameter count that this program counts."""
    rank, situation = report["ranks"][0], report["uncertainty"]["situation"]
    ranks = situation["ranks"] * situation["stages"]
    budget = rank["requested_bytes"] / GIB
    weights = report["model"]["parameters"] * bytes_per_parameter(report["model"]["quantization"]) / GIB
    formula = (budget * ranks / PROFILE["frag_factor"] - PROFILE["overhead_gib"] - weights) / ranks
    return formula, budget / 1.1 - weights / ranks


def bytes_per_parameter(quantization):
    text = quantization or ""
    if re.search(r"awq|gptq|mxfp4|nvfp4|modelopt_fp4|inc", text):
        return 0.55
    return 1.0 if re.search(r"fp8|modelopt|w8a8|compressed", text) else 2.0


def side_by_side(asked, reports):
    ours, formula, rule = [], [], []
    for each, report in zip(asked, reports):
        if not answers.answered(report):
            continue
        value = answers.measured(each, report).get("available KV")
        if value is None:
            continue
        with_formula, with_rule = simple(report)
        total = report["gpu"]["total_bytes"] / GIB
        for errors, predicted in ((ours, answers.gib(report, "available_kv")), (formula, with_formula), (rule, with_rule)):
            errors.append((abs(predicted - value) / max(abs(value), 0.01), abs(predicted - value), abs(predicted - value) / total))
    lines = ["| available KV by | median error | 95th percentile | median, GiB | 95th percentile, of the GPU's memory |", "| --- | --- | --- | --- | --- |"]
    for title, errors in (("this program, cross-validated", ours), ("the existing tool's formula", formula), ("weights + KV + 10 %", rule)):
        lines.append(f"| {title} | {statistics.median(e[0] for e in errors):.2%} | {percentile([e[0] for e in errors], 0.95):.1%} | {statistics.median(e[1] for e in errors):.2f} | {percentile([e[2] for e in errors], 0.95):.1%} |")
    return lines


def aims(found, share_of_gpu, right, holding):
    """Each figure beside what it should be."""
    def median(quantity, of):
        return statistics.median(of(i) for i in found[quantity]) if found[quantity] else float("nan")

    def off(item):
        return abs(item.off)

    def share(item):
        return item.share

    rows = [("available KV, median", f"{median('available KV', share):.2%}", "0.7 %"), ("available KV, 95th percentile, of the GPU's memory", f"{share_of_gpu:.1%}", "3 %"),
            ("model loading, median", f"{median('model loading', share):.2%}", "0.1 %"),
            ("model loading, 95th percentile", f"{percentile([i.share for i in found['model loading']], 0.95):.1%}", "1 %"),
            ("activation peak, median", f"{median('activation peak', share):.2%}", "3 %"), ("non-torch, median", f"{median('non-torch', off):.2f} GiB", "0.15 GiB"),
            ("CUDA graphs, median", f"{median('CUDA graphs', off):.2f} GiB", "0.15 GiB"), ("graph estimate, median", f"{median('graph estimate', off):.2f} GiB", "0.15 GiB"),
            ("verdicts that are right", f"{right:.1%}", "97 %"), ("tokens and concurrency that agree", f"{holding:.1%}", "98 %")]
    rows += [(f"{quantity}, intervals hold", f"{sum(i.covered for i in found[quantity]) / len(found[quantity]):.0%}", "85 to 95 %") for quantity in ORDER if found[quantity]]
    return ["| figure | is | should be |", "| --- | --- | --- |"] + [f"| {name} | {value} | {aim} |" for name, value, aim in rows] + [""]


def document(asked, skipped, reports, by_setup, capacity):
    found = judged(asked, reports)
    out = ["# Accuracy\n", "By `make accuracy`, which fits data/overheads too. Cross-validated: a start-up is judged by constants and intervals that its model family had no part in. What `calibrate` adds on every machine with six start-ups or more: [calibration.md](calibration.md).\n"]
    why = collections.Counter(reason for _, reason in skipped)
    answered = sum(answers.answered(r) for r in reports)
    out.append(f"{len(asked) + len(skipped)} published start-ups; {len(asked)} state a model that is known, {answered} of them are answered; each is judged by what its row states. Left out: " + ", ".join(f"{n} {w}" for w, n in why.most_common()) + ".\n")
    at = len(out)
    out.append(HEAD.format("quantity"))
    out += [summary(q, found[q]) for q in ORDER if found[q]]
    out.append("\nThe same with only the start-up's set-up left out (model, quantisation, GPU, ranks, release, batch), so that other releases and GPUs of its model are known:\n")
    known = judged(asked, by_setup)
    out.append(HEAD.format("quantity"))
    out += [summary(q, known[q]) for q in ORDER if known[q]]
    count, wrong = verdicts(asked, reports)
    out.append("\nVerdicts: " + f"{count - len(wrong)} of {count} right. Wrong: " + ("; ".join(f"{e['row']['id']} ({r['verdict']['reason']}, probability {r['verdict']['probability_fits']:.2f})" for e, r in wrong) or "none") + ".\n")
    of_gpu = percentile([abs(i.off) / i.total for i in found["available KV"]], 0.95)
    out[at:at] = aims(found, of_gpu, (count - len(wrong)) / count, capacity.share)
    out.append("## Side by side\n")
    out += side_by_side(asked, reports)
    for quantity in ORDER:
        if len(found[quantity]) < 8:
            continue
        out.append(f"\n## {quantity[0].upper() + quantity[1:]}\n")
        for title, by in (("GPU", lambda i: card(i.row)[0]), ("release", lambda i: era(i.row)), ("family", lambda i: i.family)):
            out.append(HEAD.format(title))
            out += [summary(name, items) for name, items in groups(found[quantity], by)]
            out.append("")
    out += capacity.lines() + notes.sections(LEFT_OUT)
    problems = collections.Counter((r["error"]["message"] if "error" in r else r["verdict"]["message"] or "")[:140] for r in reports if not answers.answered(r))
    if problems:
        out.append("Not answered: " + "; ".join(f"{n} x {m}" for m, n in problems.most_common(12)) + ".")
    return "\n".join(out) + "\n"


def rows(asked, reports):
    for quantity, items in judged(asked, reports).items():
        for i in sorted(items, key=lambda i: -abs(i.off)):
            s = i.situation
            yield (f"{quantity:16s} {i.row['id']} {i.row['config'][:44]:44s} {str(i.row.get('vllm_version') or i.row.get('date'))[:12]:12s} {s['gpus']:9s} ranks {s['ranks']} "
                   f"{'dealt ' if s['dealt'] else ''}predicted {i.predicted:.2f} [{i.low:.2f}, {i.high:.2f}] measured {i.measured:.2f} off {i.off:+.2f}{'' if i.covered else ' outside'}")
