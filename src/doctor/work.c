/*
 * work: the daemon, and what it is stuck with.
 *
 * May not: take anything up itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "text.h"

#include "admission.h"
#include "casefile.h"

#include "doctoring.h"
#include "gatefiles.h"
#include "keys.h"

/* A form that is in hand so long is stuck, s. */
#define STUCK 3600

#define SLICE 500
#define FILE_MOST (256u << 20)

/* Calls fn for each line of a file in .docket/; false: it cannot be read. */
static bool
each_line(struct doctor *d, const char *name,
    void (*fn)(struct doctor *, const char *line))
{
	struct buf text = BUF_INIT;
	char *at, *line;

	if (fs_read_file(d->desk.own, name, 1 << 20, &text) != 0) {
		buf_free(&text);
		return errno == ENOENT;
	}
	at = text.data;
	while ((line = strsep(&at, "\n")) != NULL)
		if (*line != '\0')
			fn(d, line);
	buf_free(&text);
	return true;
}

/* "outbox/acme/x.txt cannot be written: ...": where a folder stands in the
 * file's place it is moved aside. */
static bool
is_in_the_way(struct doctor *d, const char *line)
{
	const char *end = strstr(line, " cannot be ");
	struct stat st;
	char *name;
	bool is;

	if (end == NULL)
		return false;
	name = mem_strn(line, (size_t)(end - line));
	is = fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
	if (is)
		doctor_remedy(d, "cd %s && mv -- %s %s.old",
		    doctor_path(d, "."), name, name);
	free(name);
	return is;
}

/* What the others say better. */
static void
find_notice(struct doctor *d, const char *line)
{
	static const char *const others[] = { "(the old rules stay in force)",
	    "the key ", "no decision can be accepted", "inbox/" };
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strstr(line, others[i]) != NULL)
			return;
	doctor_find(d, GRADE_WARN, NULL, "The desk says: %s", line);
	if (!is_in_the_way(d, line))
		doctor_remedy(d, "docket status -C %s", doctor_path(d, "."));
}

void
doctor_daemon(struct doctor *d)
{
	if (!d->open)
		return;
	if (!d->is_run) {
		doctor_find(d, GRADE_NOTE, NULL, "The desk is not run: nothing "
		    "is taken in, and no decision carried out.");
		doctor_remedy(d, "docket run %s", doctor_path(d, "."));
	} else if (!each_line(d, "notices", find_notice))
		doctor_unseen(d, ".docket/notices");
}

/* Forms in hand. */

void
doctor_claims(struct doctor *d)
{
	int dir = d->open ? fs_open_dir(d->desk.own, "claims") : -1;
	DIR *list = dir < 0 ? NULL : fs_list(dir);
	uint64_t n = 0, stuck = 0;
	const char *name;
	struct stat st;

	if (d->open && dir < 0 && errno == EACCES)
		doctor_unseen(d, ".docket/claims");
	while (list != NULL && (name = fs_list_next(list)) != NULL)
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			n++;
			stuck += clock_now() - (int64_t)st.st_ctim.tv_sec >
			    STUCK;
		}
	if (n > 0 && !d->is_run) {
		doctor_find(d, GRADE_WARN, ".docket/claims", "%llu form%s in "
		    "hand; the next start of the desk goes on with them.",
		    (unsigned long long)n, n == 1 ? " is" : "s are");
		doctor_remedy(d, "docket run --once %s", doctor_path(d, "."));
	} else if (stuck > 0) {
		doctor_find(d, GRADE_WARN, ".docket/claims", "%llu form%s in "
		    "hand for more than an hour.", (unsigned long long)stuck,
		    stuck == 1 ? " is" : "s are");
		doctor_remedy(d, "docket status -C %s", doctor_path(d, "."));
	}
	if (list != NULL)
		closedir(list);
	if (dir >= 0)
		close(dir);
}

/* "AK-000012.key TAB outbox/acme is ...: what to do" */
static void
find_waiting(struct doctor *d, const char *line)
{
	const char *tab = strchr(line, '\t'), *chmod, *end;

	if (tab == NULL)
		return;
	doctor_find(d, GRADE_WARN, ".docket/keys", "The key %.*s waits: %s.",
	    (int)(tab - line), line, tab + 1);
	/* "close it (chmod 2750 outbox/acme, for the client's group)" */
	chmod = strstr(tab, "chmod ");
	if (chmod != NULL) {
		end = strpbrk(chmod, ",)");
		doctor_remedy(d, "cd %s && %.*s", doctor_path(d, "."),
		    end == NULL ? (int)strlen(chmod) : (int)(end - chmod),
		    chmod);
	} else
		doctor_remedy(d, "docket status -C %s", doctor_path(d, "."));
}

/* What a crash has left. */
static void
find_staged(struct doctor *d, size_t waiting)
{
	int dir = fs_open_dir(d->desk.own, "keys");
	DIR *list = dir < 0 ? NULL : fs_list(dir);
	const char *name;
	size_t n = 0;

	while (list != NULL && (name = fs_list_next(list)) != NULL)
		n += name[0] != '.';
	if (n > waiting) {
		doctor_find(d, GRADE_WARN, ".docket/keys", "%zu more %s there; "
		    "the next start of the desk delivers those that were "
		    "issued, and destroys the others.", n - waiting,
		    n - waiting == 1 ? "is" : "are");
		doctor_remedy(d, "docket run --once %s", doctor_path(d, "."));
	}
	if (list != NULL)
		closedir(list);
	if (dir >= 0)
		close(dir);
}

void
doctor_keys(struct doctor *d)
{
	size_t before = d->n;

	if (!d->open)
		return;
	if (!each_line(d, KEYS_WAITING, find_waiting))
		doctor_unseen(d, ".docket/" KEYS_WAITING);
	else if (!d->is_run)
		find_staged(d, d->n - before);
}

/* Gateways. */

struct expecting {
	struct buf	 files[ADMISSION_FILES];
	char		 after[NUMBER_TEXT];
	unsigned	 n;
};

static int
expect_case(void *arg, const struct casefile *c)
{
	struct expecting *x = arg;
	const char *at = c->keys;
	struct case_key key;
	struct admission a;
	struct terms terms;
	size_t i;

	snprintf(x->after, sizeof(x->after), "%s", c->number);
	x->n++;
	if (terms_of(&c->facts, &terms) != 0)
		return 0;
	while (casefile_next_key(&at, &key)) {
		a = admission_of(&terms, key.sha256, key.until);
		for (i = 0; i < ADMISSION_FILES; i++)
			admission_put(i, &a, &x->files[i]);
	}
	terms_free(&terms);
	return 0;
}

/* The first file that does not say who may pass; NULL: all do. */
static const char *
find_stale(struct doctor *d, const struct expecting *x)
{
	struct buf text = BUF_INIT;
	int dir = fs_open_dir(d->desk.outbox, GATEWAY_FOLDER);
	const char *stale = NULL, *name;
	size_t i, head = strlen(ADMISSION_HEAD);

	for (i = 0; stale == NULL && (name = admission_file(i)) != NULL; i++) {
		buf_clear(&text);
		if (fs_read_file(dir, name, FILE_MOST, &text) != 0 ||
		    text.len != head + x->files[i].len ||
		    memcmp(text.data + head, buf_str(&x->files[i]),
		    x->files[i].len) != 0)
			stale = name;
	}
	buf_free(&text);
	if (dir >= 0)
		close(dir);
	return stale;
}

static void
check_gateway_files(struct doctor *d)
{
	struct expecting x = { .n = SLICE };
	const char *stale;
	struct stat st;
	size_t i;

	if (d->index == NULL || fstatat(d->desk.outbox, GATEWAY_FOLDER, &st,
	    AT_SYMLINK_NOFOLLOW) != 0)
		return;
	while (x.n == SLICE) {
		x.n = 0;
		if (index_admitted(d->index, x.after, SLICE, expect_case,
		    &x) != 0)
			break;
	}
	stale = find_stale(d, &x);
	if (stale != NULL && !d->is_run) {
		doctor_find(d, GRADE_WARN, "outbox/" GATEWAY_FOLDER, "%s is "
		    "out of date: gateways let pass who should not, or not "
		    "who should.", stale);
		doctor_remedy(d, "docket rebuild -C %s gateway",
		    doctor_path(d, "."));
	}
	for (i = 0; i < ADMISSION_FILES; i++)
		buf_free(&x.files[i]);
}

static void
check_haproxy(struct doctor *d)
{
	struct buf path = BUF_INIT;
	struct stat st;

	if (d->settings.haproxy[0] != '/')
		buf_putf(&path, "%s/", d->path);
	buf_puts(&path, d->settings.haproxy);
	if (stat(buf_str(&path), &st) != 0 || !S_ISSOCK(st.st_mode)) {
		doctor_find(d, GRADE_WARN, "gateway.haproxy", "There is no "
		    "socket %s: HAProxy is told nothing.", buf_str(&path));
		doctor_remedy(d, "systemctl restart haproxy");
	}
	buf_free(&path);
}

/* The first word of the command, as the shell would look for it. */
static void
check_reload(struct doctor *d)
{
	const char *command = d->settings.reload;
	struct buf line = BUF_INIT, says = BUF_INIT;
	const char *argv[] = { "sh", "-c", "command -v -- \"$1\"", "sh", NULL,
	    NULL };
	size_t n;

	command += strspn(command, " \t");
	n = strcspn(command, " \t;&|<>()$`\"'");
	buf_put(&line, command, n);
	argv[4] = buf_str(&line);
	if (n > 0 && strchr(buf_str(&line), '=') == NULL &&
	    doctor_run(argv, &says) != 0) {
		doctor_find(d, GRADE_WARN, "gateway.reload", "There is no "
		    "command %s.", buf_str(&line));
		doctor_remedy(d, "git config -f %s --unset gateway.reload",
		    doctor_path(d, "docket.conf"));
	}
	buf_free(&line);
	buf_free(&says);
}

void
doctor_gateway(struct doctor *d)
{
	if (!d->open || !d->settled)
		return;
	check_gateway_files(d);
	if (d->settings.haproxy != NULL)
		check_haproxy(d);
	if (d->settings.reload != NULL)
		check_reload(d);
}
