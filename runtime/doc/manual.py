#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The manual is the header: rota.h in, manual pages or input for Doxygen out.

manual.py HEADER --list             names of all pages
manual.py HEADER --pages DIRECTORY  write them: rota.7, and a page a function
manual.py HEADER --doxygen          the header as Doxygen wants its comments
"""
import os
import re
import sys
import textwrap

DATE = "November 28, 2026"
BLOCK = re.compile(r"/\*\*\n(.*?) \*/\nROTA_API (.*?);", re.S)
SECTION = re.compile(r"([A-Z][a-z]+):\s+(.*)")
ARGUMENT = re.compile(r"@(\w+):\s+(.*)")
TITLES = {"Return": "Return values", "Threads": "Who may call it"}
# a comment, if there is one, and what it is about
TYPE = re.compile(r"((?:/\*(?:(?!\*/).)*\*/\n)?)"
                  r"((?:struct|enum) (\w+) \{.*?\n\};|typedef [^;]*?(\w+_fn)\)[^;]*;)",
                  re.S)


class Function:
    """What a comment says of a function, and its prototype."""

    def __init__(self, comment, prototype):
        lines = [line[3:] if line.startswith(" * ") else ""
                 for line in comment.splitlines()]
        self.name, self.brief = lines[0].split("() - ")
        self.prototype = " ".join(prototype.split())
        self.text, self.arguments, self.sections = [[]], [], []
        current = self.text[0]
        for line in lines[1:]:
            argument, section = ARGUMENT.match(line), SECTION.match(line)
            if argument:
                current = [argument[2]]
                self.arguments.append((argument[1], current))
            elif section:
                current = [section[2]]
                self.sections.append((section[1], current))
            elif not line:
                current = []
                self.text.append(current)
            else:
                current.append(line.strip())
        self.text = [" ".join(part) for part in self.text if part]
        self.arguments = [(name, " ".join(part)) for name, part in self.arguments]
        self.sections = [(name, " ".join(part)) for name, part in self.sections]

    def parts(self):
        """Type, and arguments of the prototype."""
        before, inside = self.prototype[:-1].split("(", 1)
        result = before[:before.rindex(self.name)].strip()
        return result, [part.strip() for part in inside.split(",")]


class Header:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.source = file.read()
        self.about = re.search(r"#define ROTA_H\n/\*\n(.*?) \*/", self.source,
                               re.S)[1]
        self.functions = [Function(*found) for found
                          in BLOCK.findall(self.source)]
        if len(self.functions) != len(re.findall("^ROTA_API", self.source, re.M)):
            raise SystemExit("%s: a function without a comment" % path)
        self.types = {found[2] or found[3]: (found[0] + found[1]).strip()
                      for found in TYPE.findall(self.source)}

    def types_of(self, text, seen):
        """Definitions of what a text speaks of, and of what those speak of."""
        for name, definition in self.types.items():
            if name not in seen and re.search(r"\b%s\b" % name, text):
                seen[name] = definition
                self.types_of(definition, seen)
        return seen


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"@(\w+)", r"\\fI\1\\fP", text)
    return "\\&" + text if text.startswith((".", "'")) else text


def prose(text):
    """Lines of a paragraph: a sentence begins a line."""
    sentences = re.sub(r"([.:])\s+(?=[A-Z])", r"\1\n", text).split("\n")
    return [escape(line) for sentence in sentences
            for line in textwrap.wrap(sentence, 76, break_on_hyphens=False)]


def capital(text):
    return text if re.match(r"\w+:|\w+_", text) else text[0].upper() + text[1:]


def literal(text):
    lines = text.replace("\\", "\\e").split("\n")
    return [".Bd -literal",
            *("\\&" + line if line.startswith((".", "'")) else line
              for line in lines),
            ".Ed"]


def head(name, section, brief):
    return ['.\\" From rota.h by manual.py.', ".Dd " + DATE,
            ".Dt %s %s" % (name.upper(), section), ".Os", ".Sh NAME",
            ".Nm " + name, ".Nd " + brief]


def function_page(header, function):
    result, arguments = function.parts()
    page = head(function.name, 3, function.brief)
    page += [".Sh SYNOPSIS", ".In rota.h", ".Ft " + result,
             ".Fo " + function.name]
    page += ['.Fa "%s"' % argument for argument in arguments]
    page += [".Fc", ".Sh DESCRIPTION"]
    for paragraph in function.text or [capital(function.brief) + "."]:
        page += [".Pp"] * (page[-1] != ".Sh DESCRIPTION") + prose(paragraph)
    if function.arguments:
        page.append(".Bl -tag -width Ds")
        for name, text in function.arguments:
            page += [".It Fa " + name, *prose(capital(text))]
        page.append(".El")
    for name, text in function.sections:
        if name != "Since":
            page += [".Ss " + TITLES.get(name, name), *prose(capital(text))]
    types = header.types_of(function.prototype, {})
    if types:
        page += [".Ss Types", *literal("\n\n".join(types.values()))]
    page += [".Sh SEE ALSO", ".Xr rota 7", ".Sh HISTORY", "Since version %s."
             % dict(function.sections)["Since"]]
    return page


def overview_page(header):
    page = head("rota", 7, "work\\-queue runtime")
    page += [".Sh SYNOPSIS", ".In rota.h", ".Pp", "cc program.c $(pkg\\-config "
             "\\-\\-cflags \\-\\-libs rota)", ".Sh DESCRIPTION"]
    page += literal("\n".join(line[3:] if line.startswith(" * ") else
                              line[2:] for line in header.about.splitlines()))
    page += [".Ss Calls", ".Bl -tag -width Ds"]
    for function in header.functions:
        page += [".It Xr %s 3" % function.name, escape(function.brief)]
    page += [".El", ".Ss Types"]
    page += literal("\n\n".join(header.types.values()))
    page += [".Sh SEE ALSO"]
    names = sorted(function.name for function in header.functions)
    return page + [".Xr %s 3 ," % name for name in names[:-1]] + [
        ".Xr %s 3" % names[-1]]


def pages(header):
    yield "rota.7", overview_page(header)
    for function in header.functions:
        yield function.name + ".3", function_page(header, function)


def doxygen(header):
    def names(text):
        return re.sub(r"@(\w+)", r"@p \1", text)

    def function(found):
        it = Function(*found.groups())
        lines = ["@brief %s." % it.brief, "", *map(names, it.text), ""]
        lines += ["@param %s %s" % (name, names(text))
                  for name, text in it.arguments]
        lines += ["@par %s\n * %s" % (TITLES.get(name, name), names(text))
                  for name, text in it.sections if name != "Return"]
        lines += ["@return " + names(text)
                  for name, text in it.sections if name == "Return"]
        return "/**\n%s\n */\nROTA_API %s;" % (
            "\n".join(" * " + line for line in lines), found[2])

    source = BLOCK.sub(function, header.source)
    source = re.sub(r"^(\t[^/\n]*[;,][ \t]*)/\* ", r"\1/**< ", source, flags=re.M)
    source = re.sub(r"^(#define \w+\(?[^/\n]*)/\* ", r"\1/**< ", source,
                    flags=re.M)
    source = re.sub(r"^\t/\*(?=[ \n])", "\t/**", source, flags=re.M)
    source = re.sub(r"^/\*(?=[ \n])", "/**", source, flags=re.M)
    return re.sub(r"@(?!p |param |par |brief |return )(\w+)", r"@p \1", source)


def main():
    header = Header(sys.argv[1])
    if sys.argv[2:] == ["--list"]:
        print("\n".join(name for name, _ in pages(header)))
    elif sys.argv[2:] == ["--doxygen"]:
        print(doxygen(header))
    elif len(sys.argv) == 4 and sys.argv[2] == "--pages":
        for name, page in pages(header):
            with open(os.path.join(sys.argv[3], name), "w",
                      encoding="utf-8") as file:
                file.write("\n".join(page) + "\n")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
