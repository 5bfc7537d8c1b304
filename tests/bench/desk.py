#!/usr/bin/python3
"""What one would write instead of docket, in an afternoon: desk.sh, in Python.

    desk.py DIR SCHEMA

DIR is a git work tree with inbox/, pending/ and outbox/.  The schema is
compiled once, and the index kept in memory; each form is checked by lxml,
moves to pending/, is committed through pygit2, and answered.
"""
import os
import sys
import time

import pygit2
from lxml import etree


def main(top, schema_path):
    schema = etree.XMLSchema(etree.parse(schema_path))
    os.chdir(top)
    repo = pygit2.Repository(".")
    index = repo.index
    desk = pygit2.Signature("desk", "desk@localhost")
    with open(".git/number") as f:
        number = int(f.read())
    for name in sorted(os.listdir("inbox")):
        form = os.path.join("inbox", name)
        try:
            schema.assertValid(etree.parse(form))
        except (etree.XMLSyntaxError, etree.DocumentInvalid) as why:
            os.rename(form, os.path.join("outbox", name))
            with open(f"outbox/{name}.refused.txt", "w") as out:
                out.write(f"{why}\n")
            continue
        number += 1
        with open(".git/number", "w") as f:
            f.write(f"{number}\n")
        paper = f"pending/AK-{number:06d}.xml"
        os.rename(form, paper)
        index.add(paper)
        index.write()
        repo.create_commit("HEAD", desk, desk,
                           f"AK-{number:06d} received: {name}\n",
                           index.write_tree(), [repo.head.target])
        with open(paper, "rb") as f, \
                open(f"outbox/AK-{number:06d}.xml", "wb") as copy:
            copy.write(f.read())
        with open(f"outbox/AK-{number:06d}.received.txt", "w") as out:
            out.write(f"{name} was received on {time.ctime()}"
                      f" as AK-{number:06d}\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: desk.py DIR SCHEMA")
    main(*sys.argv[1:])
