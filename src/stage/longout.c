/*
 * longout: answers that are too long to be held in memory: of a batch.
 *
 * May not: decide what is answered.
 * The operator's: a box that cannot be written to; it is held.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "hash.h"
#include "log.h"

#include "outboxing.h"

struct long_answer {
	struct outbox	*outbox;
	struct box	*box;
	const struct batched *said;
	outbox_body_fn	*body;
	void		*arg;
};

static int
put(int fd, struct buf *text)
{
	int status = fs_write(fd, buf_str(text), text->len);

	buf_clear(text);
	return status;
}

static int
write_xml(const struct long_answer *a, int fd)
{
	struct receipt_desk desk = outbox_desk(a->outbox);
	struct buf text = BUF_INIT;
	int status;

	batched_xml(a->said, &desk, &text);
	status = put(fd, &text);
	if (status == 0)
		status = a->body(a->arg, 0, fd);
	batched_xml_end(&text);
	if (status == 0)
		status = put(fd, &text);
	buf_free(&text);
	return status;
}

static int
write_text(const struct long_answer *a, int fd)
{
	struct receipt_desk desk = outbox_desk(a->outbox);
	struct buf text = BUF_INIT;
	int status;

	batched_text(a->said, a->box->name, &text);
	status = put(fd, &text);
	if (status == 0)
		status = a->body(a->arg, 1, fd);
	batched_text_good(a->said, &text);
	if (status == 0)
		status = put(fd, &text);
	if (status == 0)
		status = a->body(a->arg, 2, fd);
	batched_text_end(&desk, &text);
	if (status == 0)
		status = put(fd, &text);
	buf_free(&text);
	return status;
}

/* Writes a file that appears as a whole, durably.  1: the box is held. */
static int
give_file(const struct long_answer *a,
    int (*write_it)(const struct long_answer *, int), const char *suffix)
{
	int dir = a->outbox->work, fd, status;
	const char *slash = strrchr(a->said->file, '/');
	char work[32], random[17], name[RECEIPT_NAME + 16];

	snprintf(work, sizeof(work), WORK "%s", hash_random(random, 16));
	snprintf(name, sizeof(name), "%.255s.batch%s", slash == NULL ?
	    a->said->file : slash + 1, suffix);
	fd = openat(dir, work, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	status = write_it(a, fd) != 0 || fchmod(fd, 0644) != 0 ||
	    fs_sync(fd) != 0 ? -1 : 0;
	close(fd);
	if (status == 0 && (renameat(dir, work, a->box->fd, name) != 0 ||
	    fs_sync_dir(a->box->fd) != 0)) {
		box_hold(a->outbox, a->box, "written", name);
		status = 1;
	}
	if (status != 0)
		unlinkat(dir, work, 0);
	return status;
}

int
outbox_batch(struct outbox *o, const char *box, const struct batched *said,
    outbox_body_fn *body, void *arg)
{
	struct long_answer a = { o, box_of(o, box), said, body, arg };
	int status;

	outbox_settle(o);
	if (a.box->fd < 0)
		box_hold(o, a.box, "opened", "");
	if (a.box->held[0] != '\0')
		return 1;
	status = give_file(&a, write_xml, ".xml");
	if (status == 0)
		status = give_file(&a, write_text, ".txt");
	if (status < 0)
		log_cause("outbox", "write", said->file);
	a.box->changed = true;
	return status;
}
