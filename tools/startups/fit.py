"""Constants of data/overheads from published start-ups: medians of cells, coarser cells behind finer ones.

A cell is what a record of data/overheads names. Its value is the median over its set-ups (start-ups that differ only in
length or build count once), drawn a little towards the value of the next coarser cell."""
import collections
import copy
import json
import pathlib
import statistics

GIB = 2**30
TAIL = 0.03  # of the residuals lies outside an interval, on either side
PULL = 0.5  # set-ups that the coarser cell's value counts for
# Of the slope over graphs and layers: deeper models differ otherwise too. HIP takes the same for every layer of every graph.
SLOPE_SHARE = 0.5
LAST = "9999-12-31"
# Days from which vLLM measures otherwise; docs/model.md says how.
ACCOUNTING = ["0000-00-00", "2025-09-23", "2026-03-07", "2026-07-20"]
ACCOUNTING_RANKS = ["0000-00-00", "2025-09-23", "2026-02-20", "2026-07-20"]  # of several ranks: Nemotron on 0.17.1 is as on 0.18
CAPTURING = ["0000-00-00", "2025-09-23", "2026-03-07", "2026-05-20"]
JUDGED = ["0000-00-00", "2025-09-23", "2026-03-07", "2026-04-21", "2026-07-20"]
RANKS = [(1, 1), (2, 3), (4, 7), (8, 1 << 30)]
SOURCE = "https://github.com/vllm-project/vllm/pull/19312, 25359, 30515, 49208: what is measured when"


def era(day, steps):
    at = max(i for i, start in enumerate(steps) if start <= day)
    until = steps[at + 1] if at + 1 < len(steps) else LAST
    return steps[at], until


def where_era(day, steps):
    start, until = era(day, steps)
    where = {}
    if start != steps[0]:
        where["from"] = start
    if until != LAST:
        where["until"] = until
    return where


def ranks(situation):
    return next(list(span) for span in RANKS if span[0] <= situation["ranks"] <= span[1])


def alone(situation):
    return {"ranks": [1, 1]} if situation["ranks"] == 1 else {"ranks": [2, 1 << 30]}


def alike(situation):
    """GPUs with links of the same kind."""
    for kind in (["ampere", "hopper", "blackwell"], ["small", "card"]):
        if situation["gpus"] in kind:
            return {"gpus": kind}
    return {"gpus": [situation["gpus"]]}


def levels_non_torch(s):
    gpus, day = {"gpus": [s["gpus"]]}, where_era(s["day"], ACCOUNTING if s["ranks"] == 1 else ACCOUNTING_RANKS)
    staged = {"staged": s["stages"] > 1}
    dealt = {**staged, "dealt": s["dealt"], **day}
    return [{**gpus, "ranks": ranks(s), **dealt}, {**gpus, **alone(s), **dealt}, {**alike(s), **alone(s), **dealt},
            {**alike(s), **alone(s), **staged, **day}, {**alike(s), **alone(s), **staged}, {**alone(s), **day}, alone(s), {}]


def levels_context(s):
    gpus, day = {"gpus": [s["gpus"]]}, where_era(s["day"], ACCOUNTING[:2])
    return [{**gpus, **alone(s), **day}, {**gpus, **alone(s)}, gpus, {}]


def levels_graphs(s):
    """The pool that all graphs share is derived; what is left hangs on the graphs alone, whatever the number of ranks."""
    gpus, day, runner = {"gpus": [s["gpus"]]}, where_era(s["day"], CAPTURING), {"runner_v2": s["runner_v2"]}
    mixture = {"mixture": s["mixture"]}
    if s["gpus"] == "amd":
        return [{**gpus, **runner, **day}, {**gpus, **runner}, gpus, {**runner, **day}, runner, {}]
    return [{**gpus, **mixture, **runner, **day}, {**alike(s), **mixture, **runner, **day}, {**gpus, **runner, **day}, {**runner, **day}, runner, {}]


def levels_interval(s):
    gpus, day = {"gpus": [s["gpus"]]}, where_era(s["day"], JUDGED)
    return [{**gpus, **alone(s), **day}, {**gpus, **day}, gpus, day, {}]


def key(where):
    return json.dumps(where, sort_keys=True)


def setup(row, situation):
    release = ".".join(str(row.get("vllm_version") or row.get("date")).split("+")[0].split(".")[:2])
    return (row["config"], row.get("quantization"), situation["gpus"], row.get("gpu"), situation["ranks"], situation["dealt"], release,
            row.get("max_num_batched_tokens"), row.get("max_num_seqs"))


def cells(observations, levels):
    """where-key -> {setup: [observations]}, and each observation's own chain of keys."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for observation in observations:
        for where in levels(observation["situation"]):
            found[key(where)][observation["setup"]].append(observation)
    return found


def per_setup(cell, value):
    return [statistics.median(value(o) for o in same) for same in cell.values()]


def ids(cell):
    names = sorted({o["id"] for same in cell.values() for o in same})
    return f"data/measured/startups.jsonl {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def slope(points):
    """Theil and Sen's: the median of the slopes between every two points that differ."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(points) for b in points[:i] if abs(a[0] - b[0]) > 200]
    return max(statistics.median(slopes), 0.0) if slopes else 0.0


def points(cell):
    return [(statistics.median(o["graph_layers"] for o in same), statistics.median(o["gib"] for o in same)) for same in cell.values()]


def slopes_of(found, chains):
    """Of each cell with enough set-ups that differ in graphs and layers, GiB a graph and layer; of any other, that of the
    next coarser cell."""
    slopes = {}
    for chain in chains:
        each = SLOPE_SHARE * slope(points(found[chain[-1]]))
        for name in reversed(chain):
            spread_out = len({round(x, -2) for x, _ in points(found[name])})
            hip = json.loads(name).get("gpus") == ["amd"]
            if len(found[name]) >= 4 and spread_out >= (2 if hip else 3):
                share = 1 if hip else SLOPE_SHARE
                each = share * slope(points(found[name]))
            slopes[name] = each
    return slopes


def records(observations, levels, sloped=False):
    """Records from the finest cells to the coarsest."""
    if not observations:
        return [{"gib": 0.0, "startups": 0, "source": "no start-up states it"}]
    found = cells(observations, levels)
    wheres = {tuple(key(where) for where in levels(o["situation"])): levels(o["situation"]) for o in observations}
    slopes = slopes_of(found, wheres) if sloped else {}
    depth = len(next(iter(wheres)))
    value, layers = {}, [[] for _ in range(depth)]
    for level in reversed(range(depth)):
        for chain, conditions in wheres.items():
            name = chain[level]
            if name in value:
                continue
            each = slopes.get(name, 0.0)
            own = statistics.median(per_setup(found[name], lambda o: o["gib"] - each * o["graph_layers"]))
            count = len(found[name])
            if level + 1 < depth:
                # The coarser cell's value where this cell's set-ups are.
                center = statistics.median(x for x, _ in points(found[name]))
                coarse = value[chain[level + 1]] + (slopes.get(chain[level + 1], 0.0) - each) * center
                own = (count * own + PULL * coarse) / (count + PULL)
            value[name] = own
            record = {**conditions[level], "gib": round(own, 4)}
            if sloped:
                record["kib_per_graph_layer"] = round(each * GIB / 1024, 3)
            layers[level].append(record | {"startups": sum(len(same) for same in found[name].values()), "setups": count, "source": ids(found[name])})
    return [record for layer in layers for record in layer]


def spread(cell, least):
    """The 5th and 95th percentile of a cell's residuals, every family counting alike; further out the fewer families."""
    by_family = collections.defaultdict(list)
    for same in cell.values():
        by_family[same[0]["family"]] += [o["residual"] for o in same[:2]]
    weighted = sorted((residual, 1 / len(residuals) / len(by_family)) for residuals in by_family.values() for residual in residuals)
    below, low, high = 0.0, weighted[0][0], weighted[-1][0]
    for residual, weight in weighted:
        if below <= TAIL:
            low = residual
        if below < 1 - TAIL:
            high = residual
        below += weight
    wider = 1 + 2 / len(by_family)
    return min(low * wider, -least), max(high * wider, least)


def intervals(observations, share, least, families_least=2):
    """observations: with "residual" (measured - predicted, GiB or a share of it). A cell of fewer families takes the
    interval of the next coarser one."""
    if not observations:
        return []
    found = cells(observations, levels_interval)
    out, seen = [], set()
    depth = len(levels_interval(observations[0]["situation"]))
    for level in range(depth):
        for observation in observations:
            where = levels_interval(observation["situation"])[level]
            name = key(where)
            if name in seen:
                continue
            seen.add(name)
            cell = found[name]
            families = len({o["family"] for same in cell.values() for o in same})
            if level < depth - 1 and (len(cell) < 4 or families < families_least):
                continue
            low, high = spread(cell, least)
            unit = "share" if share else "gib"
            out.append({**where, f"low_{unit}": round(low, 4), f"high_{unit}": round(high, 4),
                        "startups": sum(len(same) for same in cell.values()), "setups": len(cell), "families": families})
    return out


def blank(constants):
    """Overheads without any constant but those of activations: what a structural prediction alone says."""
    empty = {"records": [{"gib": 0.0}], "intervals": []}
    files = {name: copy.deepcopy(empty) for name in ("non_torch", "context", "cuda_graphs", "graph_estimate")}
    files |= {"model_loading": {"intervals": []}, "available_kv": {"intervals": []}, "activation_peak": {"constants": constants, "intervals": []}}
    return files


def holds(record, situation):
    """As Stratum::holds in src/memory/overheads.cpp."""
    least, most = record.get("ranks", [1, 1 << 30])
    flags = all(record.get(name) in (None, situation[name]) for name in ("dealt", "mixture", "runner_v2"))
    staged = record.get("staged") in (None, situation["stages"] > 1)
    return (flags and staged and situation["gpus"] in record.get("gpus", [situation["gpus"]]) and least <= situation["ranks"] <= most
            and record.get("from", "") <= situation["day"] < record.get("until", LAST))


def fitted(observed, constants):
    """observed: quantity -> observations. Everything but intervals.

    Where a start-up states no estimate but its release subtracts one, it is what is left beside the non-torch memory of
    other start-ups."""
    files = blank(constants)
    files["non_torch"]["records"] = records(observed["non_torch"], levels_non_torch)
    implied = []
    for rest in observed["with_estimate"]:
        record = next((r for r in files["non_torch"]["records"] if holds(r, rest["situation"])), None)
        if record and 0 < rest["gib"] - record["gib"] < 3:
            implied.append({**rest, "gib": rest["gib"] - record["gib"]})
    observed = {**observed, "graph_estimate": observed["graph_estimate"] + implied}
    files["context"]["records"] = records(observed["context"], levels_context)
    files["cuda_graphs"]["records"] = records(observed["cuda_graphs"], levels_graphs, sloped=True)
    files["graph_estimate"]["records"] = records(observed["graph_estimate"], levels_graphs, sloped=True)
    return files
