# SPDX-License-Identifier: MIT
"""Absolute figures: medians of the rounds, for context only; and how near they
come to what this machine can do."""

from statistics import median


def tables(cases, results):
    """One for each part: its columns, and a row for each case with a cell for
    each pool and column. A cell that is empty says why."""
    found = []
    for case in cases:
        titles = [title for title, _, _ in case.columns]
        if not found or (found[-1]["part"], found[-1]["columns"]) != (
                case.part, titles):
            found.append({"part": case.part, "columns": titles, "rows": []})
        for pool in case.pools():
            row = {"case": case.name, "pool": pool}
            if results.applies(case, pool):
                row["cells"] = [_cell(case, pool, read, form, results)
                                for _, form, read in case.columns]
            else:
                row["not_applicable"] = results.absent[case.name, pool]
            found[-1]["rows"].append(row)
    return found


def _cell(case, pool, read, form, results):
    cost = results.costs.get((case.name, pool), {})
    values = [read(dict(raw, untimed=cost))
              for raw in results.by_round(case, pool).values()]
    values = [value for value in values if value is not None]
    if not values:
        return {"value": None, "text": "?"}
    return {"value": median(values), "text": form % median(values)}


def efficiencies(cases, results, host_card):
    """Measured over the floor of the host card: 1 is the best there can be."""
    found = []
    for case in cases:
        for title, read, key in case.floors:
            floor = host_card.get(key)
            for pool in case.pools() if floor else ():
                raws = results.by_round(case, pool).values()
                if raws:
                    value = median(read(raw) for raw in raws)
                    found.append({"case": case.name, "pool": pool,
                                  "figure": title, "value": value,
                                  "floor": floor, "floor_name": key,
                                  "times_floor": value / floor})
    return found
