/*
 * records: ledger, index and trays.
 *
 * May not: write any of them, or take a lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "spawn.h"
#include "text.h"

#include "doctoring.h"
#include "packdir.h"

/* The desk merges packs when there are many; when it does not, something is
 * wrong.  By hand it is done with all of them: who leaves some alone, beside a
 * desk that does the same, may leave an object to a pack that the other is
 * about to remove. */
#define PACKS_MANY 300

/* Of a pack that is being written one file is there before the other, s. */
#define HALF_AGE 60

/* Of a ledger with a million commits the proof takes some minutes. */
#define FULL_MS (INT64_C(24) * 3600 * 1000)
#define FULL_MOST (1u << 20)

static int
find_setting(void *arg, const char *key, const char *value)
{
	struct doctor *d = arg;

	doctor_find(d, GRADE_WARN, "ledger.git/config", "%s is not %s.", key,
	    value);
	doctor_remedy(d, "git -C %s config %s %s",
	    doctor_path(d, "ledger.git"), key, value);
	return 0;
}

static bool
is_there(const struct doctor *d, const char *name)
{
	struct stat st;

	return fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (!S_ISREG(st.st_mode) || st.st_size > 0);
}

/* What a daemon would clear away at its start. */
static void
check_locks(struct doctor *d)
{
	struct buf name = BUF_INIT;
	struct stat st;
	size_t i;

	if (d->is_run)
		return;
	for (i = 0; ledger_lock_name(i) != NULL; i++) {
		buf_clear(&name);
		buf_putf(&name, "ledger.git/%s", ledger_lock_name(i));
		if (fstatat(d->dir, buf_str(&name), &st,
		    AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		doctor_find(d, GRADE_WARN, buf_str(&name), "A crash has left "
		    "it; the next start of the desk removes it.");
		doctor_remedy(d, "docket run --once %s", doctor_path(d, "."));
	}
	buf_free(&name);
}

/* Objects that are not in it. */
static void
check_whole(struct doctor *d)
{
	if (is_there(d, "ledger.git/objects/info/alternates")) {
		doctor_find(d, GRADE_WARN, "ledger.git/objects/info/alternates",
		    "Objects of the ledger are in another repository.");
		doctor_remedy(d, "git -C %s repack -a -d && rm %s",
		    doctor_path(d, "ledger.git"),
		    doctor_path(d, "ledger.git/objects/info/alternates"));
	}
	if (is_there(d, "ledger.git/shallow")) {
		doctor_find(d, GRADE_FAIL, "ledger.git/shallow", "It is a "
		    "shallow clone: the history before it is not there.");
		doctor_remedy(d, "git -C %s fetch --unshallow COPY main",
		    doctor_path(d, "ledger.git"));
	}
}

static void
find_half(void *arg, const char *file, bool index)
{
	struct doctor *d = arg;
	struct buf path = BUF_INIT;

	buf_putf(&path, "ledger.git/objects/pack/%s", file);
	doctor_find(d, GRADE_WARN, buf_str(&path), index ?
	    "Its pack is not there. Where a crash has left it, nothing is "
	    "missing; where somebody has taken the pack away, objects are." :
	    "It has no index, so that nobody reads it: a crash has left it, or "
	    "somebody has taken the index away.");
	doctor_remedy(d, index ? "docket audit %s && rm %s" :
	    "git -C %s index-pack %s", doctor_path(d, "ledger.git"),
	    doctor_path(d, buf_str(&path)));
	buf_free(&path);
}

/* Of a ledger that cannot be read, too: it may be why. */
static void
check_halves(struct doctor *d)
{
	int dir = fs_open_dir(d->dir, "ledger.git/objects/pack");

	if (dir < 0)
		return;
	packdir_halves(dir, (clock_now() - HALF_AGE) * 1000, find_half, d);
	close(dir);
}

static void
check_packs(struct doctor *d)
{
	if (ledger_packs(d->ledger) <= PACKS_MANY)
		return;
	doctor_find(d, GRADE_WARN, "ledger.git", "It has %zu packs, which "
	    "makes it slow: they are not merged, and its log should say why.",
	    ledger_packs(d->ledger));
	doctor_remedy(d, "git -C %s repack -A -d", doctor_path(d,
	    "ledger.git"));
}

static void
run_full(struct doctor *d, const char *what, const char *const argv[])
{
	struct buf says = BUF_INIT, line = BUF_INIT;
	int status;

	if (spawn_capture(argv, -1, &says, FULL_MOST, FULL_MS, &status) == 0 &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		doctor_find(d, GRADE_OK, "ledger.git", "%s finds nothing",
		    what);
	} else {
		text_line(&line, buf_str(&says), says.len, 400);
		doctor_find(d, GRADE_FAIL, "ledger.git", "%s: %s", what,
		    line.len > 0 ? buf_str(&line) : "cannot be run");
		doctor_remedy(d, "mv %s %s.bad && docket rebuild -C . --from "
		    "COPY", doctor_path(d, "ledger.git"), "ledger.git");
	}
	buf_free(&says);
	buf_free(&line);
}

static void
check_fully(struct doctor *d)
{
	char *repo = NULL;
	struct buf path = BUF_INIT;
	const char *fsck[] = { "git", "-c", "safe.directory=*", "-C", NULL,
	    "fsck", "--connectivity-only", "--no-dangling", "--no-progress",
	    NULL };
	const char *audit[] = { "/proc/self/exe", "audit", NULL, NULL };
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	buf_putf(&path, "%s/ledger.git", d->path);
	repo = buf_take(&path);
	fsck[4] = audit[2] = repo;
	run_full(d, "git fsck", fsck);
	if (n > 0) {
		self[n] = '\0';
		audit[0] = self;
		run_full(d, "docket audit", audit);
	}
	free(repo);
}

void
doctor_ledger(struct doctor *d)
{
	if (d->ledger == NULL) {
		if (faccessat(d->dir, "ledger.git", R_OK | X_OK,
		    AT_EACCESS) != 0 && errno == EACCES) {
			doctor_unseen(d, "ledger.git");
			return;
		}
		doctor_find(d, GRADE_FAIL, "ledger.git", "%s",
		    is_there(d, "ledger.git") ? ledger_error() :
		    "It is missing, and with it everything that this desk "
		    "has ever decided.");
		if (is_there(d, "ledger.git"))
			doctor_remedy(d, "cd %s && mv ledger.git "
			    "ledger.git.bad && docket rebuild --from COPY",
			    doctor_path(d, "."));
		else
			doctor_remedy(d, "docket rebuild -C %s --from COPY",
			    doctor_path(d, "."));
		check_halves(d);
		return;
	}
	if (d->unsettled != NULL) {
		doctor_find(d, GRADE_FAIL, "ledger.git", "The docket.conf in "
		    "force cannot be used here: %s", d->unsettled);
		if (strstr(d->unsettled, "timezone") != NULL)
			doctor_remedy(d, "apt-get install tzdata");
	} else if (!d->settled)
		doctor_find(d, GRADE_FAIL, "ledger.git", "The rules in force "
		    "cannot be read from it: %s", ledger_error());
	ledger_configured(d->ledger, find_setting, d);
	check_locks(d);
	check_whole(d);
	check_halves(d);
	check_packs(d);
	if (d->full)
		check_fully(d);
}

/* Projections. */

static void
check_mark(struct doctor *d, const char *name, const char *commit,
    const char *what)
{
	const char *head = ledger_head(d->ledger);
	int64_t behind = *commit == '\0' ? -1 : ledger_distance(d->ledger,
	    commit, head);

	if (behind == 0)
		return;
	if (behind < 0) {
		doctor_find(d, GRADE_WARN, name, "%s show no commit of this "
		    "ledger.", what);
		doctor_remedy(d, "docket rebuild -C %s", doctor_path(d, "."));
	} else if (!d->is_run) {
		doctor_find(d, GRADE_WARN, name, "%s are %lld commit%s behind "
		    "the ledger; the next start of the desk mends that.",
		    what, (long long)behind, behind == 1 ? "" : "s");
		doctor_remedy(d, "docket run --once %s", doctor_path(d, "."));
	}
	/* else it is on its way */
}

void
doctor_index(struct doctor *d)
{
	bool filled;

	if (d->ledger == NULL || !d->open)
		return;
	if (d->index != NULL) {
		check_mark(d, ".docket/index.db", index_head(d->index),
		    "The entries of the index");
		return;
	}
	if (faccessat(d->desk.own, "index.db", R_OK, AT_EACCESS) != 0 &&
	    errno == EACCES) {
		doctor_unseen(d, ".docket/index.db");
		return;
	}
	filled = faccessat(d->desk.own, "index.new", F_OK, 0) == 0;
	doctor_find(d, GRADE_WARN, ".docket/index.db", "%s%s", index_error(),
	    filled ? "; the desk is making a new one, if it is run" : "");
	if (!filled)
		doctor_remedy(d, "docket rebuild -C %s index",
		    doctor_path(d, "."));
}

void
doctor_trays(struct doctor *d)
{
	struct buf line = BUF_INIT;

	if (d->ledger == NULL || !d->open)
		return;
	if (desk_get_line(&d->desk, "shown", &line) != 0)
		doctor_unseen(d, ".docket/shown");
	else
		check_mark(d, ".docket/shown", buf_str(&line), "The trays");
	buf_free(&line);
}
