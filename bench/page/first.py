# SPDX-License-Identifier: MIT
"""The first screen: one sentence, three numbers, and when it does not matter."""

from html import escape

from page.data import ratio_text

HEADLINES = (("empty jobs 4x4", "jobs/s"), ("server /", "requests/s"))
WORTH = 19  # lengths of METG at which 95 % of the CPU time is work


def counts(rows):
    words = (("faster", "faster in %d"), ("same", "the same in %d"),
             ("slower", "slower in %d"), ("unclear", "unclear in %d"))
    verdicts = [row["verdict"] for row in rows]
    found = [form % verdicts.count(word) for word, form in words
             if word in verdicts]
    if len(found) < 2:
        return "".join(found)
    return ", ".join(found[:-1]) + " and " + found[-1]


def sentence(data):
    """Wins, ties and losses, and the two ends: an empty job, a whole request."""
    rows = data.against(data.baseline)
    if not rows:
        return "Nothing was compared with %s." % data.baseline
    text = "Against %s, %s is %s of %d comparisons" % (
        data.baseline, data.ours, counts(rows), len(rows))
    ends = [row for case, metric in HEADLINES for row in rows
            if (row["case"], row["metric"]) == (case, metric)]
    if ends:
        text += ": " + ", ".join("%s %s" % (row["case"], ratio_text(row))
                                 for row in ends)
    return text + "."


def _card(words, value, unit, more):
    return ('<div class="card"><span>%s</span><b>%s <small>%s</small></b>'
            '%s</div>' % (escape(words), value, escape(unit), more))


def _others(data, part, title, form):
    found = []
    for pool in data.main_baselines():
        value = data.figure(part, title, pool)
        if value is not None:
            found.append('<span class="of"><span>%s</span><span>%s</span>'
                         '</span>' % (escape(pool), form % value))
    return "".join(found)


NUMBERS = (
    ("METG(50): job that is half of the cost", "metg", "METG ns", "ns",
     "%.0f"),
    ("Wake-up p99: into a pool that sleeps", "wake", "p99 us", "µs",
     "%.1f"),
    ("Idle CPU: a pool without jobs", "wake", "idle CPU us/s",
     "µs a second", "%.0f"),
)


def _is_lower_bound(data, part):
    """Of a METG: were all sizes too short, in most rounds?"""
    bounds = [raw.get("bound") for raw in data.raws(part, data.ours)]
    return part == "metg" and 2 * bounds.count("lower") > len(bounds)


def numbers(data):
    cards = []
    for words, part, title, unit, form in NUMBERS:
        value = data.figure(part, title, data.ours)
        if value is not None:
            bound = "≥ " * _is_lower_bound(data, part)
            cards.append(_card(words, bound + form % value, unit,
                               _others(data, part, title, form)))
    return '<div class="cards">%s</div>' % "".join(cards) if cards else ""


def no_matter(data):
    """Where the pool makes no difference, by what came out."""
    said = []
    longest = [value for value in (data.figure("metg", "METG ns", pool)
                                   for pool in data.main_pools) if value]
    if longest:
        said.append("A job of %.0f µs or more is 95 %% of its own cost with "
                    "every pool here (%d times the largest METG)." % (
                        WORTH * max(longest) / 1000, WORTH))
    ties = [row for row in data.against(data.baseline)
            if row["verdict"] == "same"]
    if ties:
        said.append("The same within 5 %%: %s." % ", ".join(
            "%s, %s" % (row["case"], row["metric"]) for row in ties))
    else:
        said.append("No comparison with %s was within 5 %% for certain."
                    % data.baseline)
    return ('<div class="call"><p><strong>When it does not matter.</strong> '
            '%s</p></div>' % escape(" ".join(said)))


def machine(data):
    context = data.context
    noisy = context.get("again", "none")
    words = "%s, %s CPUs%s · Linux %s · %s · rounds: %s, seed %s · A/A: %s" % (
        context["cpu"], context["num_cpus"],
        " (virtual)" if context.get("is_virtual") else "", context["kernel"],
        context["date"][:16].replace("T", " "), context.get("rounds_done", "?"),
        context["seed"], noisy)
    if context.get("rounds_done") != context.get("rounds"):
        words += " · unfinished: %s of %s rounds" % (context["rounds_done"],
                                                     context["rounds"])
    return '<p class="meta">%s</p>' % escape(words)
