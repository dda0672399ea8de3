# SPDX-License-Identifier: MIT
"""What a case learned while it was prepared (how many jobs make a measurement
long enough), as text that a resumed session can take back. What holds for a
whole session, a module keeps in a dict of the name _known."""

from ast import literal_eval


def _plain(value):
    return dict(value) if isinstance(value, dict) else value


def _described(case):
    found = {}
    for name, value in vars(case).items():
        text = repr(_plain(value))
        try:
            literal_eval(text)
        except (ValueError, SyntaxError):
            continue  # a function, say
        found[name] = text
    return found


def before(case):
    return _described(case)


def learned(case, described_before):
    """{attribute: text} of what changed since."""
    return {name: text for name, text in _described(case).items()
            if described_before.get(name) != text}


def restore(case, known):
    for name, text in known.items():
        value = literal_eval(text)
        old = getattr(case, name, None)
        if isinstance(old, dict) and isinstance(value, dict):
            old.clear()
            old.update(value)  # it may make defaults
        else:
            setattr(case, name, value)


def known_to(modules):
    """{module: what it keeps for the session}."""
    return {module.__name__: repr(getattr(module, "_known"))
            for module in modules if hasattr(module, "_known")}


def tell(modules, known):
    for module in modules:
        if module.__name__ in known:
            getattr(module, "_known").update(
                literal_eval(known[module.__name__]))
