"""Start-ups that print both the memory and what it holds: the printed memory planned again, as the release divides it."""
from startups import answers
from startups.requests import EXCEPTIONS, LEFT_OUT

GIB = answers.GIB
PRINTED = 0.005  # GiB: half of the last digit
CONCURRENCY = 0.005
OTHER_RANK = 0.02


def stated(each):
    """The start-up states what can be judged."""
    row = each["row"]
    exception = LEFT_OUT.get(row["id"])
    if exception and "tokens" not in exception["judged"]:
        return False
    return (answers.available(row) or 0) > 0 and any(row.get(name) for name in ("kv_tokens", "num_gpu_blocks", "max_concurrency"))


def at(each, offset):
    request = each["request"]
    given = int((answers.available(each["row"]) + offset) * GIB)
    return {**each, "request": {**request, "args": {**request["args"], "kv_cache_memory_bytes": given}}}


def held(report):
    """(tokens, blocks, concurrency) of a report, or nothing."""
    cache = report.get("kv_cache")
    if not cache:
        return None
    return cache["tokens"], cache["num_blocks"], cache["max_concurrency"]


def differs(row, low, high):
    """What the start-up printed that no memory of the printed digits gives, beside what it gives; empty: it agrees."""
    found = []
    for name, digit, least, most in (("kv_tokens", 0, low[0], high[0]), ("num_gpu_blocks", 0, low[1], high[1]),
                                     ("max_concurrency", CONCURRENCY, low[2], high[2])):
        value = row.get(name)
        if value is not None and not least - digit - 1e-9 <= value <= most + digit + 1e-9:
            found.append(f"{name} {value:,} against {least:,.6g} to {most:,.6g}" if digit else f"{name} {value:,} against {least:,} to {most:,}")
    return found


def another_rank(row, request, low):
    """Of several ranks the one with the least memory decides; the lines that were kept can be those of others, which
    differ a little."""
    args = request["args"]
    several = args["tensor_parallel_size"] * args.get("pipeline_parallel_size", 1) > 1
    return several and abs(row.get("kv_tokens", 0) / low[0] - 1) < OTHER_RANK


class Capacity:
    """Those that agree, those that differ and those whose lines are of different ranks."""

    def __init__(self, program, asked):
        stating = [each for each in asked if stated(each)]
        reports = zip(*(answers.ask(program, [at(each, offset) for each in stating]) for offset in (-PRINTED, PRINTED)))
        self.count, self.wrong, self.others = len(stating), [], []
        for each, (low, high) in zip(stating, reports):
            row = each["row"]
            if not held(low) or not held(high):
                self.wrong.append((row, ["no capacity: " + str(low.get("error", low.get("verdict")))[:200]]))
            elif problems := differs(row, held(low), held(high)):
                (self.others if another_rank(row, each["request"], held(low)) else self.wrong).append((row, problems))

    @property
    def share(self):
        total = self.count - len(self.others)
        return (total - len(self.wrong)) / total

    def lines(self):
        """Lines of docs/accuracy.md."""
        total = self.count - len(self.others)
        reasons = EXCEPTIONS["capacity"]
        out = ["\n## Tokens and concurrency from the printed memory\n",
               f"{self.count} start-ups print both. Of {total}, tokens, blocks and concurrency of {total - len(self.wrong)} ({self.share:.1%}; target 98 %) are those that memory of the printed digits gives. The others:\n"]
        out += [f"- {row['id']}: {'; '.join(problems)}: {reasons.get(row['id'], 'not explained')}" for row, problems in self.wrong]
        out.append(f"\n{len(self.others)} of several ranks differ by less than 2 %: the rank with the least memory decides, and the line of memory that was kept is another's.\n")
        return out + [f"- {row['id']}: {'; '.join(problems)}" for row, problems in self.others]
