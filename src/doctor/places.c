/*
 * places: folders and files of a desk, and who may write to them.
 *
 * May not: open what others could have put there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "fs.h"

#include "doctoring.h"

void
doctor_desk(struct doctor *d)
{
	if (!desk_only_writes(&d->st, d->st.st_uid)) {
		doctor_find(d, GRADE_WARN, ".", "Others may write to the "
		    "desk's own directory: they can put other folders and "
		    "rules in the place of these, and who owns a file is no "
		    "evidence.");
		doctor_remedy(d, "chmod go-w %s", doctor_path(d, "."));
	}
	if (d->st.st_uid == 0 && d->open && !d->grounds.one_user)
		doctor_find(d, GRADE_NOTE, ".", "A desk of many users is run "
		    "by root here; a user of its own is safer.");
}

/* Owner and type.  False: there is no more to say of it. */
static bool
check_place(struct doctor *d, const char *name, const struct stat *st)
{
	if (!S_ISDIR(st->st_mode)) {
		doctor_find(d, GRADE_FAIL, name, "It is not a folder.");
		doctor_remedy(d, "mv %s %s.old && docket rebuild -C %s",
		    doctor_path(d, name), name, doctor_path(d, "."));
		return false;
	}
	if (st->st_dev != d->st.st_dev) {
		doctor_find(d, GRADE_FAIL, name, "It is on another file "
		    "system than the desk: a form could not be moved in one "
		    "step.");
		doctor_remedy(d, "umount %s", doctor_path(d, name));
		return false;
	}
	if (st->st_uid != d->st.st_uid) {
		doctor_find(d, GRADE_WARN, name, "It is not the desk's: it "
		    "belongs to %s.", doctor_user(st->st_uid));
		doctor_remedy(d, "chown %s %s", doctor_user(d->st.st_uid),
		    doctor_path(d, name));
	}
	return true;
}

/* A tray of a desk where others decide by copying into it. */
static void
check_closed(struct doctor *d, const char *name)
{
	struct stat in;

	if (!d->open || d->grounds.one_user ||
	    !doctor_asks(d, EVIDENCE_OWNER) || strcmp(name, "inbox") == 0 ||
	    fstat(d->desk.inbox, &in) != 0 || (in.st_mode & S_ISVTX) == 0)
		return;
	doctor_find(d, GRADE_WARN, name, "On this desk of many users nobody "
	    "else may write there: no reviewer can copy a paper into it.");
	doctor_remedy(d, "chgrp %lu %s && chmod 3775 %s",
	    (unsigned long)in.st_gid, doctor_path(d, name),
	    doctor_path(d, name));
}

/* Whether others write to any other of these: the desk is one of many. */
static bool
is_shared(const struct doctor *d, const char *but)
{
	struct stat st;
	const char *name;
	bool shared;
	size_t i;

	for (i = 0; (name = desk_place(i, &shared)) != NULL; i++)
		if (shared && strcmp(name, but) != 0 && fstatat(d->dir, name,
		    &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !desk_only_writes(&st, st.st_uid))
			return true;
	return false;
}

/* Inbox and trays: sticky, or written by nobody else. */
static void
check_shared(struct doctor *d, const char *name, const struct stat *st)
{
	if (desk_only_writes(st, st->st_uid)) {
		check_closed(d, name);
	} else if ((st->st_mode & S_ISVTX) == 0) {
		doctor_find(d, GRADE_WARN, name, "Others may write there and "
		    "it is not sticky: they can take away each other's files "
		    "and the desk's, and who owns one is no evidence.");
		doctor_remedy(d, "chmod %s %s", is_shared(d, name) ? "3775" :
		    "go-w", doctor_path(d, name));
	} else if ((st->st_mode & S_IWOTH) != 0 &&
	    strcmp(name, "inbox") != 0) {
		doctor_find(d, GRADE_WARN, name, "Everybody on this machine "
		    "may write there.");
		doctor_remedy(d, "chmod o-w %s", doctor_path(d, name));
	}
}

/* Those where nobody else has anything to write, or even to see. */
static void
check_own(struct doctor *d, const char *name, const struct stat *st,
    bool hidden)
{
	if (hidden && (st->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		doctor_find(d, GRADE_WARN, name, "Others may look into it: "
		    "forms and keys in hand are nobody's business.");
		doctor_remedy(d, "chmod 700 %s", doctor_path(d, name));
	} else if (!hidden && !desk_only_writes(st, st->st_uid)) {
		doctor_find(d, GRADE_WARN, name, "Others may write to it, and "
		    "nobody but the desk has to.");
		doctor_remedy(d, "chmod go-w %s", doctor_path(d, name));
	}
}

static void
check_missing(struct doctor *d, const char *name)
{
	if (errno != ENOENT) {
		doctor_unseen(d, name);
		return;
	}
	doctor_find(d, GRADE_FAIL, name, "It is missing.");
	doctor_remedy(d, "docket rebuild -C %s", doctor_path(d, "."));
}

void
doctor_folders(struct doctor *d)
{
	static const char *const others_of_own[] = { ".docket/keys",
	    ".docket/batches", ".docket/answers" };
	struct stat st;
	const char *name;
	bool shared;
	size_t i;

	for (i = 0; (name = desk_place(i, &shared)) != NULL; i++)
		if (fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			check_missing(d, name);
		else if (!check_place(d, name, &st))
			continue;
		else if (shared)
			check_shared(d, name, &st);
		else
			check_own(d, name, &st,
			    strncmp(name, ".docket/", 8) == 0);
	for (i = 0; i < sizeof(others_of_own) / sizeof(others_of_own[0]); i++)
		if (fstatat(d->dir, others_of_own[i], &st,
		    AT_SYMLINK_NOFOLLOW) == 0)
			check_own(d, others_of_own[i], &st, true);
}

/* Files that say what is true or what holds. */

static bool
check_file(struct doctor *d, const char *name, const char *what,
    const char *options)
{
	struct stat st;

	if (fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno != ENOENT)
			doctor_unseen(d, name);
		return false;
	}
	if (S_ISLNK(st.st_mode) || desk_only_writes(&st, d->st.st_uid) ||
	    desk_only_writes(&st, 0))
		return false;
	if (st.st_uid != d->st.st_uid && st.st_uid != 0) {
		doctor_find(d, GRADE_WARN, name, "It belongs to %s, who could "
		    "change %s.", doctor_user(st.st_uid), what);
		doctor_remedy(d, "chown %s%s %s", options,
		    doctor_user(d->st.st_uid), doctor_path(d, name));
	} else {
		doctor_find(d, GRADE_WARN, name, "Others may write to it, and "
		    "change %s.", what);
		doctor_remedy(d, "chmod %sgo-w %s", options,
		    doctor_path(d, name));
	}
	return true;
}

static void
check_rules(struct doctor *d)
{
	struct buf why = BUF_INIT, folder = BUF_INIT;
	struct rules rules;
	const char *slash;
	size_t i;

	/* what cannot be read is for doctor_rules() to say */
	if (!d->open || rules_load(&rules, &d->desk, &why) != 0) {
		buf_free(&why);
		return;
	}
	for (i = 0; i < rules.n; i++) {
		check_file(d, rules.files[i].path, "the rules", "");
		slash = strrchr(rules.files[i].path, '/');
		if (slash == NULL || slash == rules.files[i].path + 7)
			continue;
		buf_put(&folder, rules.files[i].path,
		    (size_t)(slash - rules.files[i].path));
		check_file(d, buf_str(&folder), "the rules", "");
		buf_clear(&folder);
	}
	rules_free(&rules);
	buf_free(&folder);
	buf_free(&why);
}

void
doctor_files(struct doctor *d)
{
	static const char *const ledger[] = { "", "/HEAD", "/config",
	    "/packed-refs", "/objects", "/objects/pack", "/objects/info",
	    "/refs", "/refs/heads", "/refs/heads/main", "/hooks", "/info" };
	static const char *const own[] = { "index.db", "shown", "delivered",
	    "lock" };
	char name[64];
	size_t i;

	check_rules(d);
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		snprintf(name, sizeof(name), ".docket/%s", own[i]);
		check_file(d, name, "what the desk believes", "");
	}
	for (i = 0; i < sizeof(ledger) / sizeof(ledger[0]); i++) {
		snprintf(name, sizeof(name), "ledger.git%s", ledger[i]);
		if (check_file(d, name, "the history", "-R "))
			break;
	}
}
