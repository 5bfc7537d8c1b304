/*
 * docket-check: bytes in, verdict out.
 *
 * Started by docket with a socket as its standard input.  The parent takes
 * limits and schemas, closes its sandbox, compiles, and from then on only
 * forks; it never sees a form.  A child closes a tighter sandbox, answers
 * queries on its own socket and ends: when the socket does, after so many
 * forms, after any form that was not clean.
 *
 * May not: link git; open, connect, execute.
 * Fatal: a sandbox that cannot be closed; a message that cannot be
 * understood.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"

#include "limit.h"
#include "sandbox.h"
#include "schema.h"
#include "wire.h"
#include "xmlform.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

#define CHILDREN LIMIT_WORKERS

static struct check_limits limits;
static struct schemas schemas;
static pid_t child_pid[CHILDREN];

/* Of a child: its heap when it began; and what it may keep from form to
 * form, as a part of the memory for one, so that no form pays for those
 * before it. */
static uint64_t heap_before;
#define KEPT_PART 8

static _Noreturn void
die(const char *why)
{
	fprintf(stderr, "docket-check: %s\n", why);
	_exit(1);
}

static void
put(const struct buf *message)
{
	size_t done = 0;
	ssize_t n;

	while (done < message->len) {
		n = write(STDIN_FILENO, message->data + done,
		    message->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);	/* docket is gone */
		done += (size_t)n;
	}
}

/* The child. */

/* In parts that end with a line. */
static void
put_entries(const char *lines, struct buf *out)
{
	size_t n;

	for (; lines != NULL && *lines != '\0'; lines += n) {
		n = strlen(lines);
		if (n > LIMIT_ENTRIES_PART)
			for (n = LIMIT_ENTRIES_PART; lines[n - 1] != '\n'; n--)
				;
		entries_encode(lines, n, out);
	}
}

/* False: the child ends after this.  Where nothing can be said of the form
 * it ends without a word, and docket tries again with another. */
static bool
answer(const struct frame *f, bool last)
{
	struct verdict v;
	struct buf out = BUF_INIT;
	struct cutting cutting;
	struct query q;

	if (f->type != WIRE_QUERY || query_decode(&q, &cutting, f) != 0)
		die("a query was expected");
	sandbox_timer(limits.cpu);
	switch (xmlform_check(&schemas, &limits, &q, &v)) {
	case XMLFORM_NO_MEMORY:
		_exit(CHILD_OUT_OF_MEMORY);
	case XMLFORM_TROUBLE:
		return false;
	case XMLFORM_VERDICT:
		break;
	}
	last |= v.faults.n > 0 ||
	    sandbox_heap() > heap_before + limits.memory / KEPT_PART;
	v.last = last;
	put_entries(v.entries, &out);
	verdict_encode(&v, &out);
	verdict_free(&v);
	put(&out);
	buf_free(&out);
	return !last;
}

static void
serve(void)
{
	struct buf in = BUF_INIT;
	uint32_t answered = 0;
	struct frame f;
	size_t at;
	ssize_t n;
	int got;

	for (;;) {
		buf_reserve(&in, 65536);
		n = read(STDIN_FILENO, in.data + in.len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		in.len += (size_t)n;
		at = 0;
		while ((got = wire_next(&in, &at, LIMIT_PAPER + 64, &f)) == 1)
			if (!answer(&f, ++answered >= limits.reuse))
				_exit(0);
		if (got < 0)
			die("a message is too long");
		buf_drop(&in, at);
	}
}

/* The parent. */

static void
forget_ended(void)
{
	struct buf out = BUF_INIT;
	struct child_note c;
	uint32_t i;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < CHILDREN; i++)
			if (child_pid[i] == pid) {
				child_pid[i] = 0;
				c = (struct child_note){ i,
				    (uint32_t)status };
				child_encode(WIRE_ENDED, &c, &out);
			}
	if (out.len > 0)
		put(&out);
	buf_free(&out);
}

static void
become_child(int socket)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(socket, STDIN_FILENO) < 0)
		_exit(1);
	close(socket);
	if (sandbox_child(limits.memory) != 0)
		_exit(1);
	heap_before = sandbox_heap();
	serve();
}

static void
fork_child(const struct frame *f, int socket)
{
	struct child_note c;
	pid_t pid;

	if (child_decode(&c, f) != 0 || c.slot >= CHILDREN ||
	    child_pid[c.slot] != 0 || socket < 0)
		die("a child cannot be made so");
	pid = fork();
	if (pid == 0)
		become_child(socket);
	close(socket);
	if (pid < 0)
		die("cannot fork");
	child_pid[c.slot] = pid;
}

static void
kill_child(const struct frame *f)
{
	struct child_note c;

	if (child_decode(&c, f) == 0 && c.slot < CHILDREN) {
		if (child_pid[c.slot] > 0)
			kill(child_pid[c.slot], SIGKILL);
	} else
		die("a child cannot be killed so");
}

static void
take_schema(const struct frame *f)
{
	struct schema_file file;

	if (schema_decode(&file, f) != 0)
		die("a schema cannot be understood");
	schemas_add(&schemas, &file);
}

static void
take_ids(const struct frame *f)
{
	struct ids ids;

	if (ids_decode(&ids, f) != 0)
		die("ids cannot be understood");
	idlists_add(&schemas.lists, ids.list, ids.lines);
	ids_free(&ids);
}

static void
compile(void)
{
	struct buf out = BUF_INIT;

	schemas_compile(&schemas);
	types_encode(&schemas.public, &out);
	put(&out);
	buf_free(&out);
}

static void
take(const struct frame *f, int *socket)
{
	switch (f->type) {
	case WIRE_LIMITS:
		if (limits_decode(&limits, f) != 0)
			die("limits cannot be understood");
		break;
	case WIRE_SCHEMA:
		take_schema(f);
		break;
	case WIRE_COMPILE:
		compile();
		break;
	case WIRE_FORGET:
		idlists_free(&schemas.lists);
		break;
	case WIRE_IDS:
		take_ids(f);
		break;
	case WIRE_FORK:
		fork_child(f, *socket);
		*socket = -1;
		break;
	case WIRE_KILL:
		kill_child(f);
		break;
	default:
		die("a message cannot be understood");
	}
}

/* Reads what is there; a descriptor that comes with it goes to *socket.
 * docket sends a descriptor with the first byte of its FORK, and no two in
 * one message. */
static void
receive(struct buf *in, int *socket)
{
	union {
		struct cmsghdr	head;
		char		space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space) };
	struct cmsghdr *c;
	ssize_t n;

	buf_reserve(in, 65536);
	iov = (struct iovec){ in->data + in->len, 65536 };
	n = recvmsg(STDIN_FILENO, &m, MSG_CMSG_CLOEXEC);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		_exit(0);
	in->len += (size_t)n;
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(socket, CMSG_DATA(c), sizeof(int));
}

static void
on_child(int sig)
{
	(void)sig;
}

static void
run(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	struct buf in = BUF_INIT;
	struct frame f;
	sigset_t none;
	int socket = -1, got;
	size_t at;

	sigemptyset(&none);
	for (;;) {
		p.revents = 0;
		if (ppoll(&p, 1, NULL, &none) < 0 && errno != EINTR)
			die("poll");
		forget_ended();
		if ((p.revents & (POLLIN | POLLHUP)) == 0)
			continue;
		receive(&in, &socket);
		at = 0;
		while ((got = wire_next(&in, &at, LIMIT_SCHEMA + 8192,
		    &f)) == 1)
			take(&f, &socket);
		if (got < 0)
			die("a message is too long");
		buf_drop(&in, at);
	}
}

/* For docket doctor, a line each. */
static int
print_versions(void)
{
	puts("docket-check " VERSION);
	printf("libxml2 %s\n", xmlform_parser());
	sandbox_print();
	return fflush(stdout) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_child,
	    .sa_flags = SA_NOCLDSTOP };
	sigset_t chld;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return print_versions();
	if (isatty(STDIN_FILENO))
		die("this is a part of docket, and started by it");
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	sigaction(SIGCHLD, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	xmlform_init();
	(void)clock_day(clock_now());	/* reads the time zone */
	if (sandbox_prepare() != 0 || sandbox_parent() != 0)
		die("this kernel cannot confine us: nothing will be checked");
	run();
}
