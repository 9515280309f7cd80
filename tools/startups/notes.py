"""What is known about the start-ups that stand out, and those that are left out by name."""


def sections(found, left_out):
    out = ["\n## Left out by name\n"]
    for name, why in sorted(left_out.items()):
        out.append(f"- {name}: {why if isinstance(why, str) else why['why'] + '; judged: ' + ', '.join(why['judged'])}")
    return out
