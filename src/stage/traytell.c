/*
 * traytell: what people and the desk tell each other in the trays: notes, and
 * why a decision was undone.
 *
 * May not: judge anything.
 * A user's: a note that cannot be read is none; an explanation that cannot be
 * written harms only whoever wants to read it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"

#include "signature.h"

#include "traying.h"

/* Notes. */

/* -1: it cannot be told whether there is one, or what it says. */
static int
read_note(struct trays *t, enum state tray, const char *name, long uid,
    struct buf *text)
{
	struct stat st;
	int there = tray_look(t, tray, name, &st);

	if (there != 1 || !S_ISREG(st.st_mode) ||
	    (uid >= 0 && (long)st.st_uid != uid))
		return there < 0 ? -1 : 0;
	if (fs_read_file(t->desk->tray[tray], name, LIMIT_NOTE, text) == 0)
		return 0;
	buf_clear(text);
	return fs_is_trouble(errno) ? -1 : 0;
}

int
trays_note(struct trays *t, const struct decision *d, long uid,
    const char *who, char **note)
{
	const enum state trays[] = { d->to, d->from };
	struct paper p = { .kind = PAPER_NOTE };
	struct buf text = BUF_INIT;
	char name[PAPER_NAME];
	int status = 0;
	unsigned i;

	strcpy(p.number, d->paper.number);
	for (i = 0; i < 4 && status == 0 && text.len == 0; i++) {
		p.who[0] = '\0';
		if (i >= 2 && who != NULL)
			snprintf(p.who, sizeof(p.who), "%.60s", who);
		status = read_note(t, trays[i % 2], paper_name(name, &p), uid,
		    &text);
	}
	if (text.len > 0) {
		*note = buf_take(&text);
		return 1;
	}
	buf_free(&text);
	return status;
}

/* What is said of an undone decision. */

/* Removes an explanation of ours; what only bears its name is moved. */
static void
forget_explanation(struct trays *t, enum state tray, const char *name)
{
	struct stat st;

	if (tray_look(t, tray, name, &st) != 1)
		return;
	if (S_ISREG(st.st_mode) && st.st_uid == t->desk->uid)
		unlinkat(t->desk->tray[tray], name, 0);
	else if (tray_to_strays(t, t->desk->tray[tray], name, name) != 0)
		tray_make_way(t, tray, name);
	tray_remember(t, tray, name, NULL);
}

static void
not_explained(void *arg, int dirfd, const char *name)
{
	struct trays *t = arg;
	struct buf text = BUF_INIT;

	(void)dirfd;
	buf_putf(&text, "%s, which tells why a decision was undone, cannot be "
	    "written: %s", name, strerror(errno));
	desk_notice(t->desk, "explanation", buf_str(&text));
	buf_free(&text);
}

/* Nothing depends on it: who makes it impossible harms only whoever wants to
 * read it. */
static void
explain(struct trays *t, const struct decision *d, const char *why)
{
	struct paper p = { .kind = PAPER_REFUSED };
	char name[PAPER_NAME];

	strcpy(p.number, d->paper.number);
	forget_explanation(t, d->from, paper_name(name, &p));
	desk_notice(t->desk, "explanation", NULL);
	if (tray_put_text(t, d->from, name, why, not_explained) != 0)
		not_explained(t, -1, name);
}

int
trays_undo(struct trays *t, const struct decision *d, const char *why)
{
	/* a signature goes first, so that another one may come as soon as
	 * this one is explained */
	if (d->sig[0] != '\0' && tray_take_away(t, d->from, d->sig) != 0)
		return -1;
	if (d->moved && trays_restore(t, d->from, d->name) != 0)
		return -1;
	explain(t, d, why);
	return d->sig[0] != '\0' ? 0 : tray_take_away(t, d->to, d->name);
}

int
trays_accept(struct trays *t, const struct decision *d, bool stays)
{
	int expected;

	if (d->sig[0] != '\0')
		return tray_take_away(t, d->from, d->sig);
	if (stays && d->moved && trays_restore(t, d->from, d->name) != 0)
		return -1;
	/* a request for revocation that is approved goes to revoked/ */
	expected = stays ? 0 : tray_expects(t, t->shown, d->to,
	    d->paper.number, d->name);
	return expected != 0 ? (expected < 0 ? -1 : 0) :
	    tray_take_away(t, d->to, d->name);
}

int
trays_signature(struct trays *t, const struct decision *d, struct buf *bytes)
{
	if (fs_read_file(t->desk->tray[d->from], d->sig, SIGNATURE_MAX,
	    bytes) == 0)
		return 1;
	buf_clear(bytes);
	return fs_is_trouble(errno) ? -1 : errno != ENOENT;
}

/* A note that went into the commit is deleted; another is kept. */
static void
tidy_note(struct trays *t, enum state tray, const char *name,
    const char *note)
{
	struct buf text = BUF_INIT;
	struct stat st;
	char *clean;

	if (tray_look(t, tray, name, &st) != 1)
		return;
	read_note(t, tray, name, -1, &text);
	clean = note_clean(buf_str(&text));
	if (note != NULL && clean != NULL && strcmp(clean, note) == 0)
		unlinkat(t->desk->tray[tray], name, 0);
	else
		tray_to_strays(t, t->desk->tray[tray], name, name);
	tray_remember(t, tray, name, NULL);
	free(clean);
	buf_free(&text);
}

void
trays_tidy(struct trays *t, const char *number, const char *note)
{
	struct paper p = { .kind = PAPER_REFUSED };
	char name[PAPER_NAME];
	enum state tray;
	size_t i;

	strcpy(p.number, number);
	for (tray = STATE_PENDING; tray < STATE_COUNT; tray++) {
		p.kind = PAPER_REFUSED;
		p.who[0] = '\0';
		forget_explanation(t, tray, paper_name(name, &p));
		p.kind = PAPER_NOTE;
		tidy_note(t, tray, paper_name(name, &p), note);
		for (i = 0; i < t->settings->n_reviewers; i++) {
			snprintf(p.who, sizeof(p.who), "%.60s",
			    t->settings->reviewers[i].name);
			tidy_note(t, tray, paper_name(name, &p), note);
		}
	}
}
