#!/usr/bin/env python3
"""Does every test that a document names exist? A document names one as a link: [`name_of_the_test`](../path/of/the/file.rs)

    tools/named_tests.py docs/SECURITY.md
"""
import pathlib
import re
import sys

LINK = re.compile(r"\[`([a-z0-9_]+)`\]\(([^)\s]+\.rs)\)")


def missing(document):
    """What is named and not there; and how many are named."""
    found, named = [], LINK.findall(document.read_text(encoding="utf-8"))
    for name, path in named:
        file = document.parent / path
        if not file.is_file():
            found.append(f"{document}: {path}, which {name} should be in, is no file")
            continue
        # The attribute may have further ones below it; proptest writes the function inside a macro.
        test = rf"#\[(?:tokio::)?test\b[^\n]*\n(?:\s*#\[[^\n]*\n|\s*//[^\n]*\n)*\s*(?:async )?fn {name}\b"
        if not re.search(test, file.read_text(encoding="utf-8")):
            found.append(f"{document}: {path} has no test {name}")
    return found, len(named)


def main():
    if len(sys.argv) < 2:
        sys.exit("named_tests.py: which documents?")
    problems = []
    for name in sys.argv[1:]:
        found, named = missing(pathlib.Path(name))
        if not named:
            found.append(f"{name}: names no test")
        problems += found
        print(f"{name}: {named} tests named, {len(found)} not found")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
