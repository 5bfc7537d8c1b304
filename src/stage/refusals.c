/*
 * refusals: forms that are refused go back to their box, byte for byte, with
 * what is wrong beside them; nothing that lies there already is lost.
 *
 * May not: decide what is refused.
 * The operator's: a box that cannot be written to; it is held.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "fs.h"
#include "fsbatch.h"
#include "log.h"
#include "text.h"

#include "outboxing.h"

/* A receipt that is looked into is not longer. */
#define RECEIPT_MOST (1u << 20)

/* 1, 0 or -1. */
static int
has_bytes(const struct box *b, const char *name, const struct buf *bytes)
{
	struct buf there = BUF_INIT;
	int has = 0;

	if (bytes->len > 0 && fs_read_file(b->fd, name, bytes->len,
	    &there) != 0)
		has = fs_is_trouble(errno) ? -1 : 0;
	else
		has = bytes->len > 0 && there.len == bytes->len &&
		    memcmp(there.data, bytes->data, bytes->len) == 0;
	buf_free(&there);
	return has;
}

/* The receipt of a form that was moved aside goes with it. */
static int
keep_receipt(const struct box *b, const char *stem, const char *taken,
    const char *suffix)
{
	char from[RECEIPT_NAME + 8], to[RECEIPT_NAME + 8], aside[NAME_SIZE];

	snprintf(from, sizeof(from), "%s%s", stem, suffix);
	snprintf(to, sizeof(to), "%s.refused%s", taken, suffix);
	return fs_move_aside(b->fd, from, b->fd, to, aside) == 0 ||
	    errno == ENOENT ? 0 : -1;
}

/* A file of that name with other bytes is kept, under a number. */
static int
keep_older(const struct box *b, const char *name, const char *stem,
    const struct buf *bytes)
{
	char taken[NAME_SIZE];
	int has = has_bytes(b, name, bytes);

	if (has != 0)
		return has < 0 ? -1 : 0;
	if (fs_move_aside(b->fd, name, b->fd, name, taken) != 0)
		return errno == ENOENT ? 0 : -1;
	return keep_receipt(b, stem, taken, ".xml") != 0 ||
	    keep_receipt(b, stem, taken, ".txt") != 0 ? -1 : 0;
}

/* Names that an answer or a folder of ours may have, now or when there is a
 * drop box of that name: nobody gets one by sending a file of that name. */
static bool
is_ours(const struct box *b, const char *name)
{
	static const char *const whole[] = { "status.txt", "clients.txt",
	    "apis.txt", "forms", "strays", "gateway", "reviewers" };
	static const char *const ends[] = { ".refused.xml", ".refused.txt",
	    ".duplicate.xml", ".duplicate.txt", ".held.xml", ".held.txt",
	    ".decisions.xml", ".decisions.txt", ".batch.xml", ".batch.txt" };
	char number[NUMBER_TEXT];
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (strcmp(name, whole[i]) == 0)
			return true;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (text_ends(name, ends[i]))
			return true;
	snprintf(number, sizeof(number), "%.*s",
	    (int)(strcspn(name, ".") % sizeof(number)), name);
	return number_valid(number) || (b->name[0] == '\0' &&
	    parcel_box_valid(name)) || (fstatat(b->fd, name, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode));
}

static void
add_move(struct giving *g, struct box *b, const char *claim, const char *name)
{
	g->moves = mem_grow(g->moves, g->n_moves + 1, sizeof(*g->moves));
	g->moves[g->n_moves++] = (struct move){ b, mem_str(claim),
	    mem_str(name) };
}

/* Makes sure that nothing which bears the name gets lost, neither in the box
 * nor in the batch.  1: it cannot be, the box is held. */
static int
clear_name(struct giving *g, struct box *b, const char *name,
    const struct answer *a)
{
	struct buf key = BUF_INIT;
	char stem[RECEIPT_NAME];
	int status = 0;

	buf_putf(&key, "%s/%s", b->name, name);
	if (map_has(&g->names, buf_str(&key)))
		status = giving_flush(g);
	if (status == 0 && keep_older(b, name, receipt_name(stem, a->ruling),
	    &a->parcel->file) != 0) {
		box_hold(g->outbox, b, "kept", name);
		g->failed = true;
	}
	if (status == 0)
		map_put(&g->names, buf_str(&key), NULL);
	buf_free(&key);
	return status != 0 ? -1 : b->held[0] != '\0';
}

/* The form itself, byte for byte: written anew, or, where it was too large
 * to be read or may not be, the file as it is.  1: the box is held. */
static int
give_back(struct giving *g, struct box *b, const struct answer *a)
{
	const struct parcel *p = a->parcel;
	char name[NAME_SIZE + 8];
	int status;

	if (!p->keep)
		return 0;
	fs_short_name(name, p->name, PARCEL_NAME);
	if (is_ours(b, name))
		strcat(name, ".sent");
	status = clear_name(g, b, name, a);
	if (status != 0)
		return status;
	if (p->file.len > 0)
		return fs_batch_put(g->batch, b->fd, name, p->file.data,
		    p->file.len, 0644);
	add_move(g, b, p->claim, name);
	return 0;
}

/* Whether a file of the box names the commit: 1, 0 or -1. */
static int
names_commit(const struct box *b, const char *stem, const char *suffix,
    const char *commit)
{
	char name[RECEIPT_NAME + 8];
	struct buf bytes = BUF_INIT;
	int does;

	snprintf(name, sizeof(name), "%s%s", stem, suffix);
	if (fs_read_file(b->fd, name, RECEIPT_MOST, &bytes) != 0)
		does = fs_is_trouble(errno) ? -1 : 0;
	else
		does = strstr(buf_str(&bytes), commit) != NULL;
	buf_free(&bytes);
	return does;
}

/* A refusal that was given before a crash stays as it was read: the ledger
 * does not have all of its words.  1, 0 or -1. */
static int
was_refused(const struct box *b, const struct ruling *r)
{
	char stem[RECEIPT_NAME];
	int was;

	if (r->commit[0] == '\0')
		return 0;
	receipt_name(stem, r);
	was = names_commit(b, stem, ".xml", r->commit);
	return was != 1 ? was : names_commit(b, stem, ".txt", r->commit);
}

/* A refusal: not given while its box is held. */
int
giving_refuse(struct giving *g, struct answer *a)
{
	struct box *b = box_of(g->outbox, a->parcel->box);
	int status, was;

	if (b->fd < 0)
		box_hold(g->outbox, b, "opened", "");
	if (b->held[0] != '\0') {
		a->held = true;
		return 0;
	}
	status = give_back(g, b, a);
	if (status == 0) {
		was = was_refused(b, a->ruling);
		status = was < 0 ? -1 : was == 1 ? 0 :
		    giving_receipts(g, b, a->ruling);
	}
	if (status < 0)
		log_cause("outbox", "write", a->parcel->name);
	return status < 0 ? -1 : 0;
}
