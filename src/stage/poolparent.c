/*
 * poolparent: docket-check, of which the workers are children.
 *
 * May not: fork; believe what it says beyond what wire.c checks.
 * Our trouble: that it cannot be run, or does not answer.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "notify.h"
#include "signals.h"
#include "spawn.h"

#include "pooling.h"

/* How long compiling may take, ms. */
#define COMPILE_MS 60000
/* How often an end is looked for meanwhile. */
#define LOOK_MS 100

static char last_error[256];

const char *
pool_error(void)
{
	return last_error;
}

static int
fail(const char *why)
{
	snprintf(last_error, sizeof(last_error), "docket-check %s", why);
	return -1;
}

static int
fail_to_start(const char *path)
{
	struct buf why = BUF_INIT;

	buf_putf(&why, "cannot be started: %s: %s", path, strerror(errno));
	fail(buf_str(&why));
	buf_free(&why);
	return -1;
}

static int
start(struct pool *p)
{
	char path[4096];
	const char *argv[] = { NULL, NULL };
	int pair[2];

	argv[0] = spawn_sibling("docket-check", path, sizeof(path));
	if (access(path, X_OK) != 0 || socketpair(AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return fail_to_start(path);
	p->parent = spawn_worker(argv, pair[1]);
	if (p->parent < 0)
		fail_to_start(path);
	close(pair[1]);
	p->fd = pair[0];
	return p->parent < 0 ? -1 : 0;
}

static int
send_schemas(struct pool *p, const struct rules *rules)
{
	struct buf out = BUF_INIT;
	const struct rules_file *f;
	struct schema_file file;
	int status;

	limits_encode(&p->limits, &out);
	status = channel_send(p->fd, &out);
	for (f = rules->files; status == 0 && f < rules->files + rules->n;
	    f++) {
		if (strncmp(f->path, "schemas/", 8) != 0)
			continue;
		file = (struct schema_file){ f->path, f->data, f->len };
		buf_clear(&out);
		schema_encode(&file, &out);
		status = channel_send(p->fd, &out);
	}
	if (status == 0) {
		struct frame compile = { WIRE_COMPILE, NULL, 0 };

		buf_clear(&out);
		frame_encode(&compile, &out);
		status = channel_send(p->fd, &out);
	}
	buf_free(&out);
	return status;
}

/* Waits for what the schemas are. */
static int
receive_types(struct pool *p)
{
	int64_t until = clock_ticks() + COMPILE_MS, left;
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
	struct frame f;
	size_t at = 0;
	int got;

	while ((got = wire_next(&p->in, &at, LIMIT_SCHEMA, &f)) == 0) {
		left = until - clock_ticks();
		notify_pulse();
		if (left <= 0)
			return fail("takes longer than a minute to compile "
			    "the schemas");
		if (signals_say_end())
			return fail("is not waited for, there is to be an end");
		if (poll(&pfd, 1, left > LOOK_MS ? LOOK_MS : (int)left) < 0) {
			if (errno == EINTR)
				continue;
			return fail(strerror(errno));
		}
		if (channel_receive(p->fd, &p->in) < 0)
			return fail("ended before it had compiled the "
			    "schemas");
	}
	if (got < 0 || f.type != WIRE_TYPES || types_decode(&p->types, &f) != 0)
		return -1;
	buf_drop(&p->in, at);
	return 0;
}

int
pool_start_parent(struct pool *p, const struct rules *rules)
{
	fail("does not answer, or not as it should");
	return start(p) == 0 && send_schemas(p, rules) == 0 ?
	    receive_types(p) : -1;
}

void
pool_end_parent(struct pool *p)
{
	int status;

	if (p->fd >= 0)
		close(p->fd);
	if (p->parent > 0) {
		kill(p->parent, SIGKILL);
		spawn_wait(p->parent, &status);
	}
}
