/*
 * declist: docket approve --list and its like.
 *
 * What it writes could be written by hand: a form of urn:docket:request:1,
 * and what ssh-keygen makes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "xmlout.h"

#include "declist.h"
#include "limit.h"

/* How long the desk may take, ms; a thousand entries, each with signatures of
 * others to be verified. */
#define PATIENCE_MS 120000

#define NAMESPACE "urn:docket:request:1"

static void
put_entry(struct deciding *d, const struct target *t,
    const struct buf *paper, struct xmlout *x)
{
	char sha256[SHA256_HEX];

	xml_open(x, "decision");
	xml_attr(x, "number", t->c.number);
	xml_attr_num(x, "revision", (long)t->paper.revision);
	xml_attr(x, "sha256", hash_sha256(sha256, buf_str(paper),
	    paper->len));
	xml_attr(x, "event", event_name(d->event));
	if (d->note != NULL)
		xml_leaf(x, "note", d->note);
	xml_close(x);
}

static int
add_entry(struct deciding *d, const char *word, struct xmlout *x)
{
	struct buf paper = BUF_INIT;
	struct target t;
	int status = deciding_find(d, word, &t);

	if (status != EXIT_DONE)
		return status;
	status = deciding_read(d, &t, &paper);
	if (status == EXIT_DONE)
		put_entry(d, &t, &paper, x);
	buf_free(&paper);
	target_free(&t);
	return status;
}

/* All of them or nothing: what is signed should be what was meant. */
static int
put_list(struct deciding *d, char **words, size_t n, struct buf *out)
{
	int status = EXIT_DONE, one;
	struct xmlout x;
	size_t i;

	xml_begin(&x, out);
	xml_open(&x, "decisions");
	xml_attr(&x, "xmlns", NAMESPACE);
	for (i = 0; i < n; i++) {
		one = add_entry(d, words[i], &x);
		if (one > status)
			status = one;
	}
	xml_close(&x);
	return status;
}

static int
write_file(const char *name, const char *suffix, const struct buf *bytes)
{
	struct buf path = BUF_INIT;
	int fd, status = EXIT_DONE;

	buf_putf(&path, "%s%s", name, suffix);
	fd = open(buf_str(&path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0644);
	if (fd < 0 || fs_write(fd, buf_str(bytes), bytes->len) != 0) {
		cmd_say("%s: %s", buf_str(&path), strerror(errno));
		status = EXIT_DESK;
	}
	if (fd >= 0)
		close(fd);
	buf_free(&path);
	return status;
}

/* The signature first: a list that is there can begin. */
static int
drop(struct deciding *d, const char *name, const struct buf *list,
    const struct buf *sig)
{
	int dir = d->reading.desk.inbox;
	char sig_name[72];

	snprintf(sig_name, sizeof(sig_name), "%s.sig", name);
	if (fs_replace_shared(dir, sig_name, buf_str(sig), sig->len,
	    0644) == 0 && fs_replace_shared(dir, name, buf_str(list),
	    list->len, 0644) == 0)
		return EXIT_DONE;
	cmd_say("%s/inbox: %s", d->reading.desk.path, strerror(errno));
	return EXIT_DESK;
}

/* The answer of that kind: -1 it is not there yet, else an exit status. */
static int
read_answer(struct deciding *d, const char *name, const char *kind)
{
	struct buf text = BUF_INIT, data = BUF_INIT;
	char file[128];
	int status = -1;

	snprintf(file, sizeof(file), "%s.%s.txt", name, kind);
	if (fs_read_file(d->reading.desk.outbox, file, 16 * LIMIT_FORM,
	    &text) == 0) {
		snprintf(file, sizeof(file), "%s.%s.xml", name, kind);
		fs_read_file(d->reading.desk.outbox, file, 16 * LIMIT_FORM,
		    &data);
		fputs(buf_str(&text), stdout);
		/* our own words, in which no value has a quote */
		status = strstr(buf_str(&data), " outcome=\"refused\"") ==
		    NULL && strcmp(kind, "decisions") == 0 ? EXIT_DONE :
		    EXIT_NO;
	}
	buf_free(&text);
	buf_free(&data);
	return status;
}

static int
wait_for(struct deciding *d, const char *name)
{
	int64_t until = clock_ticks() + PATIENCE_MS;
	int status = -1;

	while (desk_is_run(&d->reading.desk) && clock_ticks() < until) {
		status = read_answer(d, name, "decisions");
		if (status < 0)
			status = read_answer(d, name, "refused");
		if (status >= 0)
			return status;
		poll(NULL, 0, 50);
	}
	cmd_say("dropped as inbox/%s; the answer will be in outbox", name);
	return EXIT_TROUBLE;
}

int
declist_carry_out(struct deciding *d, const char *file, char **words,
    size_t n)
{
	struct buf list = BUF_INIT, sig = BUF_INIT;
	struct signer by;
	char name[64], random[17];
	int status;

	if (n > LIMIT_LISTED) {
		cmd_say("a list holds at most %u decisions", LIMIT_LISTED);
		return EXIT_USAGE;
	}
	snprintf(name, sizeof(name), "decisions-%s.xml", hash_random(random,
	    16));
	status = put_list(d, words, n, &list);
	if (status == EXIT_DONE)
		status = deciding_sign(d, LIST_NAMESPACE, file, &list, &sig,
		    &by);
	if (status == EXIT_DONE)
		status = write_file(file, "", &list);
	if (status == EXIT_DONE)
		status = write_file(file, ".sig", &sig);
	if (status == EXIT_DONE)
		status = drop(d, name, &list, &sig);
	if (status == EXIT_DONE)
		status = wait_for(d, name);
	buf_free(&list);
	buf_free(&sig);
	return status;
}
