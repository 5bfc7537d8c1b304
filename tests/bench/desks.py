"""desks: a desk with N cases, and what others would have in its place."""
import os
import subprocess
import time

DAY = 86400
SMALL = 1000
SCRIPT_MOST = 100_000	# cases, beyond which nobody waits for the scripts, and
			# one daemon serves for all that is dropped


def run(*argv, **kw):
    """The output of a command that must succeed."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, **kw)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(argv[:6])}: exit "
                         f"{done.returncode}\n{done.stdout}")
    return done.stdout


def words(line):
    """"a=1 b=2.5" as a dictionary."""
    return {k: float(v) for k, v in (w.split("=") for w in line.split())}


def tree_bytes(path):
    return int(run("du", "-s", "--block-size=1", path).split()[0])


class Desks:
    """The desk of a size (it grows a little with each measurement), empty
    ones, and the repositories of the scripts.  All on one disk."""

    def __init__(self, config, cases, say):
        self.c = config
        self.cases = cases
        self.serial = 10_000_000 + cases
        self.made = 0
        self.served = None	# the daemon that goes on, on a large desk
        self.path = os.path.join(config.dir, f"desk{cases}")
        began = time.time()
        self.make(self.path, cases)
        self.seconds = time.time() - began
        self.bytes = tree_bytes(self.path)
        say(f"{cases:,} cases: made in {self.seconds:.0f} s, "
            f"{self.bytes / 1e6:,.0f} MB")

    def tool(self, name):
        return os.path.join(self.c.out, name)

    def docket(self):
        return os.path.join(self.c.build, "docket")

    def make(self, path, cases):
        then = time.gmtime(time.time() - 61 * DAY)
        run(self.docket(), "init", path, env=dict(
            os.environ, DOCKET_NOW=time.strftime("%FT%TZ", then)))
        if cases > 0:
            run(self.tool("makedesk"), path, str(cases),
                stderr=subprocess.DEVNULL)

    def scratch(self, name):
        """A new folder.  None goes before all is measured: ext4 looks for a
        minute and more at each inode that was deleted before it gives one
        away, and a floor of 3,500 forms a second falls to 900."""
        self.made += 1
        path = os.path.join(self.c.dir, f"{name}{self.cases}-{self.made}")
        os.mkdir(path)
        return path

    def fresh(self):
        """The desk to measure on: a small one is made each time, since all
        that is dropped stays there."""
        self.rest()
        if self.cases > SMALL:
            return self.path
        path = self.scratch("fresh")
        self.make(path, self.cases)
        return path

    def rest(self):
        """Ends the daemon that goes on, if one does: the desk is somebody
        else's now."""
        daemon, self.served = self.served, None
        if daemon is not None:
            daemon.end()

    def serials(self, n):
        """The first of n numbers for forms that never were before."""
        self.serial += n
        return self.serial - n

    def forms(self, folder, n):
        run(self.tool("makeforms"), folder, str(n), str(self.serials(n)))

    def ledger_copy(self, name):
        """A ledger of its own: what is in packs is shared, and never
        written to."""
        path = self.scratch(name)
        os.rmdir(path)
        run("cp", "-al", os.path.join(self.path, "ledger.git"), path)
        return path

    def script_desk(self):
        """A work tree with the same papers, as the scripts have it."""
        path = os.path.join(self.c.dir, f"script{self.cases}")
        if os.path.isdir(path):
            return path
        os.makedirs(os.path.join(path, "inbox"))
        os.mkdir(os.path.join(path, "outbox"))
        for tray in ("pending", "approved", "returned", "rejected",
                     "revoked"):
            run("cp", "-al", os.path.join(self.path, tray), path)
        for line in (("init", "-q", "-b", "main"),
                     ("config", "user.name", "desk"),
                     ("config", "user.email", "desk@localhost"),
                     ("add", "pending", "approved", "returned", "rejected",
                      "revoked"),
                     ("commit", "-q", "--allow-empty", "-m", "begin")):
            run("git", "-C", path, *line)
        with open(os.path.join(path, ".git/number"), "w",
                  encoding="ascii") as out:
            out.write(f"{self.serial}\n")
        return path
