/*
 * dropboxes: drop boxes, and the folders of the outbox where they are answered.
 *
 * May not: look into a form or an answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "text.h"

#include "parcel.h"

#include "doctoring.h"

/* Calls fn for each folder in a place. */
static void
each_folder(struct doctor *d, int dir, const char *place,
    void (*fn)(struct doctor *, const char *name, const char *path,
    const struct stat *))
{
	DIR *list = fs_list(dir);
	struct buf path = BUF_INIT;
	const char *name;
	struct stat st;

	if (list == NULL) {
		doctor_unseen(d, place);
		return;
	}
	while ((name = fs_list_next(list)) != NULL) {
		if (name[0] == '.' || fstatat(dir, name, &st,
		    AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
			continue;
		buf_clear(&path);
		buf_putf(&path, "%s/%s", place, name);
		fn(d, name, buf_str(&path), &st);
	}
	closedir(list);
	buf_free(&path);
}

static void
check_box(struct doctor *d, const char *name, const char *path,
    const struct stat *st)
{
	if (!parcel_box_valid(name) || parcel_box_reserved(name)) {
		doctor_find(d, GRADE_WARN, path, "It is not a name for a drop "
		    "box (letters, digits, dots, hyphens; not gateway, "
		    "reviewers, strays, forms, nor that of a form), and is "
		    "left alone.");
		doctor_remedy(d, "mv %s %s", doctor_path(d, path),
		    doctor_path(d, "inbox/NAME"));
	} else if (st->st_uid != d->st.st_uid && st->st_uid != 0) {
		doctor_find(d, GRADE_WARN, path, "It was made by %s, and is "
		    "left alone: drop boxes are made by the desk's user or "
		    "root.", doctor_user(st->st_uid));
		doctor_remedy(d, "chown %s %s", doctor_user(d->st.st_uid),
		    doctor_path(d, path));
	} else if (!d->grounds.one_user && desk_only_writes(st, st->st_uid)) {
		doctor_find(d, GRADE_NOTE, path, "Nobody but the desk may "
		    "write to this drop box; its client's group cannot.");
		doctor_remedy(d, "chgrp GROUP %s && chmod 3770 %s",
		    doctor_path(d, path), doctor_path(d, path));
	}
}

void
doctor_boxes(struct doctor *d)
{
	if (d->open)
		each_folder(d, d->desk.inbox, "inbox", check_box);
}

static bool
has_keys(const struct doctor *d, const char *name)
{
	int dir = fs_open_dir(d->desk.outbox, name);
	DIR *list = dir < 0 ? NULL : fs_list(dir);
	const char *file;
	bool has = false;

	while (list != NULL && !has && (file = fs_list_next(list)) != NULL)
		has = text_ends(file, ".key");
	if (list != NULL)
		closedir(list);
	if (dir >= 0)
		close(dir);
	return has;
}

/* As closed as its box; and closed where a key lies. */
static void
check_answers(struct doctor *d, const char *name, const char *path,
    const struct stat *st)
{
	struct stat box;
	bool closed = fstatat(d->desk.inbox, name, &box,
	    AT_SYMLINK_NOFOLLOW) == 0 && (box.st_mode & S_IRWXO) == 0;

	if (strcmp(name, "gateway") == 0)
		return;		/* as the operator has made it */
	if (st->st_uid != d->st.st_uid && st->st_uid != 0) {
		doctor_find(d, GRADE_WARN, path, "It is not the desk's own: "
		    "it belongs to %s, and no key is given there.",
		    doctor_user(st->st_uid));
		doctor_remedy(d, "chown %s %s", doctor_user(d->st.st_uid),
		    doctor_path(d, path));
	} else if (!desk_only_writes(st, st->st_uid)) {
		doctor_find(d, GRADE_WARN, path, "Others may write to it, and "
		    "put answers there that are not the desk's.");
		doctor_remedy(d, "chmod %s %s", closed ? "2750" : "go-w",
		    doctor_path(d, path));
	} else if ((st->st_mode & S_IRWXO) == 0 || parcel_box_reserved(name)) {
		return;
	} else if (closed) {
		doctor_find(d, GRADE_WARN, path, "Everybody may look into it, "
		    "although its drop box is closed.");
		doctor_remedy(d, "chgrp %lu %s && chmod 2750 %s",
		    (unsigned long)box.st_gid, doctor_path(d, path),
		    doctor_path(d, path));
	} else if (has_keys(d, name)) {
		doctor_find(d, GRADE_WARN, path, "A key lies there, and "
		    "everybody may look into it.");
		doctor_remedy(d, "chmod o-rwx %s", doctor_path(d, path));
	}
}

/* "HEAD acme=COMMIT …": boxes whose answers wait. */
static void
find_held(struct doctor *d)
{
	struct buf line = BUF_INIT, name = BUF_INIT;
	char *at, *word, *equals;

	if (d->is_run || desk_get_line(&d->desk, "delivered", &line) != 0)
		return;		/* it says so itself; or nobody may know */
	at = line.data;
	while ((word = strsep(&at, " ")) != NULL) {
		equals = strchr(word, '=');
		if (equals == NULL)
			continue;
		*equals = '\0';
		buf_clear(&name);
		buf_puts(&name, "outbox");
		if (strcmp(word, "inbox") != 0)
			buf_putf(&name, "/%s", word);
		doctor_find(d, GRADE_WARN, buf_str(&name), "Answers since "
		    "commit %.10s wait, as it could not be written to; the "
		    "next start of the desk tries again.", equals + 1);
		doctor_remedy(d, "docket run --once %s", doctor_path(d, "."));
	}
	buf_free(&line);
	buf_free(&name);
}

void
doctor_answers(struct doctor *d)
{
	if (!d->open)
		return;
	each_folder(d, d->desk.outbox, "outbox", check_answers);
	find_held(d);
}
