"""Start-ups with the program's answers, and what they say about each constant."""
import copy
import json
import pathlib
import subprocess

from startups import fit
from startups.requests import UNEXPLAINED, family, question

GIB = 2**30
root = pathlib.Path(__file__).resolve().parent.parent.parent
# Candidates of the constants of activations; one is varied at a time.
GRID = {"hidden_rows": [3.4, 3.8, 4.2, 4.6, 5.0], "hidden_rows_first_stage": [5.5, 6.0, 6.5, 7.0], "hidden_rows_streams": [60, 70, 80, 90, 100],
        "encoder_rows": [3.0, 4.5, 6.0, 8.0]}


def startups():
    """(asked, skipped): each asked start-up with its request; why the others are not."""
    asked, skipped = [], []
    for text in (root / "data" / "measured" / "startups.jsonl").read_text().splitlines():
        row = json.loads(text)
        request, unknown, why = question(row)
        if request:
            asked.append({"row": row, "request": request, "unknown": unknown, "family": family(row)})
        else:
            skipped.append((row, why))
    return asked, skipped


def ask(program, asked, overheads=None):
    """The program's reports, in order; with other constants than its own where given."""
    lines = []
    for each in asked:
        request = each["request"]
        if overheads is not None:
            request = {**request, "overheads": overheads if isinstance(overheads, dict) else overheads(each)}
        lines.append(json.dumps(request) + "\n")
    text = subprocess.run([program, "batch", "-"], input="".join(lines), capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def answered(report):
    return "error" not in report and bool(report["ranks"])


def gib(report, name):
    return report["ranks"][0][name + "_bytes"] / GIB


def available(row):
    return row.get("available_kv_gib", row.get("kv_reserved_gib"))


def consumed_era(situation):
    return situation["day"] >= "2026-07-20"


def measured(each, report):
    """Quantity -> GiB, as far as the row states it and what it depends on."""
    row, situation = each["row"], report["uncertainty"]["situation"]
    activation = row.get("activation_peak_gib")
    if activation is not None and consumed_era(situation):
        # The line adds the graph estimate to it.
        estimate = row.get("cudagraph_estimated_gib")
        activation = activation - estimate if estimate is not None and activation > estimate else None
    total, free = row.get("total_gpu_gib") or row.get("gpu_total_gib"), row.get("free_gib")
    found = {"model loading": row.get("model_loading_gib"), "activation peak": activation, "non-torch": row.get("non_torch_gib"),
             "CUDA graphs": row.get("cudagraph_gib"), "graph estimate": row.get("cudagraph_estimated_gib"), "available KV": available(row),
             "context": total - free if total and free and situation["gpus"] != "unified" and "Free memory" not in str(row.get("oom_or_refused")) else None}
    return {k: v for k, v in found.items() if v is not None and k not in each["unknown"]}


def observe(asked, bare):
    """What each start-up says about each constant; `bare` are its reports without any constant but those of activations."""
    found = {name: [] for name in ("non_torch", "with_estimate", "context", "cuda_graphs", "graph_estimate")}
    for each, report in zip(asked, bare):
        if not answered(report):
            continue
        row, situation = each["row"], report["uncertainty"]["situation"]
        if row["id"] in UNEXPLAINED:
            continue
        values = measured(each, report)
        base = {"situation": situation, "setup": fit.setup(row, situation), "id": row["id"], "family": each["family"],
                "graph_layers": situation["graphs"] * situation["layers"]}

        def note(name, amount):
            found[name].append({**base, "gib": amount})

        if "context" in values:
            note("context", values["context"])
        # Beside the pool, which is derived.
        if situation["graphs"] and values.get("CUDA graphs"):
            note("cuda_graphs", values["CUDA graphs"] - gib(report, "cuda_graph"))
        if situation["graphs"] and "graph estimate" in values and values["graph estimate"] < 3:
            note("graph_estimate", values["graph estimate"] - gib(report, "cuda_graph_estimate"))
        if "non-torch" in values and not consumed_era(situation):
            note("non_torch", values["non-torch"])
        elif "available KV" in values:
            reserved = row.get("cudagraph_estimated_gib") if situation["reserves_graphs"] else 0.0
            rest = gib(report, "requested") - values["available KV"] - values.get("model loading", gib(report, "model_loading"))
            rest -= values.get("activation peak", gib(report, "activation_peak")) + gib(report, "non_torch")
            if reserved is not None:
                note("non_torch", rest - reserved)
            else:
                note("with_estimate", rest - gib(report, "cuda_graph_estimate"))
    return found


class Folds:
    """Constants for each group of start-ups that it had no part in. `by` names the member of a start-up that groups it."""

    def __init__(self, program, asked, constants):
        self.program, self.asked, self.constants = program, asked, constants
        self.bare = {}
        reports = self.without_constants(constants)
        for each, report in zip(asked, reports):
            each["setup"] = fit.setup(each["row"], report["uncertainty"]["situation"]) if answered(report) else None
        self.with_activation = [each for each, report in zip(asked, reports) if answered(report) and "activation peak" in measured(each, report)]
        self.varied = {name: [(value, self.misses({**constants, name: {**constants[name], "value": value}})) for value in values] for name, values in GRID.items()}

    def without_constants(self, constants):
        key = json.dumps({name: constant["value"] for name, constant in constants.items()})
        if key not in self.bare:
            self.bare[key] = ask(self.program, self.asked, fit.blank(constants))
        return self.bare[key]

    def misses(self, constants):
        """(start-up, relative error of its activation peak), of each that states one."""
        reports = ask(self.program, self.with_activation, fit.blank(constants))
        return [(each, min(abs(gib(report, "activation_peak") / measured(each, report)["activation peak"] - 1), 0.3))
                for each, report in zip(self.with_activation, reports)]

    def activation_constants(self, by, without):
        """The candidates that fit the other groups' activation peaks best; the given one where they fit alike."""
        chosen = copy.deepcopy(self.constants)
        for name, candidates in self.varied.items():
            now = self.constants[name]["value"]
            scores = [(round(sum(miss for each, miss in misses if each[by] != without), 2), abs(value - now), value) for value, misses in candidates]
            chosen[name]["value"] = min(scores)[2]
        return chosen

    def constants_without(self, by, group):
        constants = self.activation_constants(by, group)
        seen = [(each, report) for each, report in zip(self.asked, self.without_constants(constants)) if each[by] != group]
        return fit.fitted(observe(*zip(*seen)), constants)

    def reports(self, by):
        """(first, with intervals): reports whose constants, and then whose intervals too, leave a start-up's group out."""
        fold = {group: self.constants_without(by, group) for group in {each[by] for each in self.asked}}
        first = ask(self.program, self.asked, lambda each: fold[each[by]])
        held_out = residuals(self.asked, first)
        fold = {group: with_intervals(files, held_out, by, group) for group, files in fold.items()}
        return held_out, ask(self.program, self.asked, lambda each: fold[each[by]])


UNITS = {"model loading": ("model_loading", True, 0.002), "activation peak": ("activation_peak", True, 0.01), "non-torch": ("non_torch", False, 0.03),
         "CUDA graphs": ("cuda_graphs", False, 0.1), "graph estimate": ("graph_estimate", False, 0.15), "context": ("context", False, 0.03),
         "available KV": ("available_kv", False, 0.06)}
REPORTED = {"model loading": "model_loading", "activation peak": "activation_peak", "non-torch": "non_torch", "CUDA graphs": "cuda_graph",
            "graph estimate": "cuda_graph_estimate", "context": "context", "available KV": "available_kv"}


def residuals(asked, reports):
    """Quantity -> observations with their residual, for intervals."""
    found = {name: [] for name in UNITS}
    for each, report in zip(asked, reports):
        if not answered(report):
            continue
        situation = report["uncertainty"]["situation"]
        if each["row"]["id"] in UNEXPLAINED:
            continue
        for quantity, value in measured(each, report).items():
            if quantity not in UNITS or (quantity in ("CUDA graphs", "graph estimate") and not situation["graphs"]):
                continue
            predicted = gib(report, REPORTED[quantity])
            share = UNITS[quantity][1]
            if share and predicted <= 0:
                continue
            found[quantity].append({"situation": situation, "setup": fit.setup(each["row"], situation), "family": each["family"], "id": each["row"]["id"],
                                    "residual": value / predicted - 1 if share else value - predicted})
    return found


def with_intervals(files, observations, by=None, without=None):
    files = copy.deepcopy(files)
    for quantity, (name, share, least) in UNITS.items():
        held_out = [o for o in observations[quantity] if by is None or o[by] != without]
        files[name]["intervals"] = fit.intervals(held_out, share, least, 3 if name == "cuda_graphs" else 2)
    return files


def cross_validated(program, asked, constants):
    """(reports without a start-up's family, reports without its set-up, the constants and intervals of all).

    Intervals of all are spread by family: a model that nobody measured is what they are for."""
    folds = Folds(program, asked, constants)
    held_out, by_family = folds.reports("family")
    _, by_setup = folds.reports("setup")
    return by_family, by_setup, with_intervals(folds.constants_without("family", None), held_out)
