/*
 * haproxy: the maps of a HAProxy that runs.
 *
 * May not: wait; know what a case is.
 * The operator's: a HAProxy that is not there, or not set up for it; it is
 * told later, and the files are there meanwhile.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "exchange.h"
#include "log.h"
#include "text.h"

#include "haproxy.h"

/* HAProxy takes a line into one buffer, 16 KiB unless it is set otherwise
 * (tune.bufsize); and answers little, but for its list of maps. */
#define LINE_MOST 12000
#define ANSWER_MOST (1 << 20)

#define ANSWER_MS 5000

/* How often to see whether it is still the same process, ms. */
#define LOOK_MS 5000

/* After trouble it is tried again after so long, and each time after twice as
 * long, ms. */
#define RETRY_FIRST_MS 500
#define RETRY_LAST_MS 30000

/* More changes than that, in bytes, are told by telling everything. */
#define CHANGES_MOST (4 << 20)

enum step {
	STEP_NONE,
	STEP_LOOK,	/* show info, show map */
	STEP_CHANGE,	/* changes to the maps in use */
	STEP_PREPARE,	/* prepare map */
	STEP_GIVE,	/* items for the maps that are prepared */
	STEP_COMMIT,	/* commit map */
};

/* Changes that wait, a line each: "+1 KEY VALUE". */
struct changes {
	struct buf	 text;
	size_t		 at;		/* those before are on their way */
};

struct haproxy {
	char		*socket, *folder;
	struct exchange	 call;
	enum step	 step;
	struct haproxy_maps maps;	/* pid 0: not known */
	unsigned	 version[MAP_KINDS];	/* prepared */
	struct changes	 now;		/* to the maps in use */
	struct changes	 anew;		/* items of the maps to be */
	struct changes	 after;		/* once those are in use */
	bool		 renew;		/* everything is to be told */
	bool		 renewing;	/* and is: maps are prepared */
	bool		 given;		/* all items of them */
	int64_t		 look_due, retry, pause;	/* ticks, ticks, ms */
	char		*trouble;
};

struct haproxy *
haproxy_new(const char *socket, const char *folder)
{
	struct haproxy *h = mem_alloc(sizeof(*h));

	h->socket = mem_str(socket);
	h->folder = mem_str(folder);
	h->call = (struct exchange)EXCHANGE_INIT;
	h->renew = true;
	return h;
}

static void
changes_clear(struct changes *c)
{
	buf_free(&c->text);
	c->at = 0;
}

void
haproxy_free(struct haproxy *h)
{
	if (h == NULL)
		return;
	exchange_end(&h->call);
	changes_clear(&h->now);
	changes_clear(&h->anew);
	changes_clear(&h->after);
	free(h->trouble);
	free(h->socket);
	free(h->folder);
	free(h);
}

/* Everything anew, from the beginning. */
void
haproxy_renew(struct haproxy *h)
{
	h->renew = true;
	h->renewing = h->given = false;
	changes_clear(&h->anew);
	changes_clear(&h->after);
}

/* It is not told, and why: what was said of `what', or errno. */
static void
fail(struct haproxy *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
fail(struct haproxy *h, const char *fmt, ...)
{
	struct buf said = BUF_INIT, line = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vputf(&said, fmt, ap);
	va_end(ap);
	text_line(&line, buf_str(&said), said.len, 400);
	buf_free(&said);
	free(h->trouble);
	h->trouble = buf_take(&line);
	exchange_end(&h->call);
	h->step = STEP_NONE;
	h->maps.pid = 0;
	haproxy_renew(h);
	changes_clear(&h->now);
	h->pause = h->pause == 0 ? RETRY_FIRST_MS : h->pause * 2;
	if (h->pause > RETRY_LAST_MS)
		h->pause = RETRY_LAST_MS;
	h->retry = clock_ticks() + h->pause;
}

/* Changes. */

static void
changes_add(struct changes *c, enum change change, enum map_kind map,
    const struct map_item *item)
{
	buf_putf(&c->text, "%c%u %s %s\n", (int)change, (unsigned)map,
	    item->key, change == CHANGE_DELETE ? "" : item->value);
}

static bool
changes_wait(const struct changes *c)
{
	return c->at < c->text.len;
}

void
haproxy_change(struct haproxy *h, enum change change, enum map_kind map,
    const struct map_item *item)
{
	/* who is told everything later need not be told this now; but what
	 * is being told cannot be stopped */
	if (h->maps.pid == 0)
		return;
	changes_add(&h->now, change, map, item);
	if (h->now.text.len > CHANGES_MOST) {
		changes_clear(&h->now);
		haproxy_renew(h);
	}
}

void
haproxy_after(struct haproxy *h, enum change change, enum map_kind map,
    const struct map_item *item)
{
	changes_add(&h->after, change, map, item);
	if (h->after.text.len > CHANGES_MOST)
		haproxy_renew(h);
}

bool
haproxy_is_renewing(const struct haproxy *h)
{
	return h->renewing;
}

bool
haproxy_wants(const struct haproxy *h)
{
	return h->renewing && !h->given && !changes_wait(&h->anew);
}

void
haproxy_give(struct haproxy *h, enum map_kind map,
    const struct map_item *item)
{
	changes_add(&h->anew, CHANGE_ADD, map, item);
}

void
haproxy_given(struct haproxy *h)
{
	h->given = true;
}

/* Commands. */

/* The name of a map as one word of a command. */
static void
put_name(struct buf *line, const char *name)
{
	for (; *name != '\0'; name++) {
		if (strchr(" \\;\t", *name) != NULL)
			buf_putc(line, '\\');
		buf_putc(line, *name);
	}
}

/* The next change as a command; 0 is the version in use. */
static void
put_command(const struct haproxy *h, struct changes *c, bool prepared,
    struct buf *line)
{
	const char *at = buf_str(&c->text) + c->at;
	size_t n = strcspn(at, "\n");
	unsigned map = (unsigned)(at[1] - '0');

	buf_puts(line, *at == CHANGE_ADD ? ";add map " :
	    *at == CHANGE_SET ? ";set map " : ";del map ");
	if (prepared)
		buf_putf(line, "@%u ", h->version[map]);
	put_name(line, h->maps.name[map]);
	buf_put(line, at + 2, n - 2);
	c->at += n + 1;
}

/* As many as fit a line. */
static void
put_commands(const struct haproxy *h, struct changes *c, bool prepared,
    struct buf *line)
{
	size_t before, at;

	while (changes_wait(c)) {
		before = line->len;
		at = c->at;
		put_command(h, c, prepared, line);
		if (line->len <= LINE_MOST)
			continue;
		/* longer than one can be, a single one never is */
		buf_cut(line, before);
		c->at = at;
		break;
	}
}

static void
ask(struct haproxy *h, enum step step, struct buf *line)
{
	buf_putc(line, '\n');
	if (exchange_begin(&h->call, h->socket, line, ANSWER_MOST,
	    ANSWER_MS) != 0)
		fail(h, "%s: %s", h->socket, strerror(errno));
	else
		h->step = step;
}

static void
put_prepare(const struct haproxy *h, struct buf *line)
{
	unsigned i;

	for (i = 0; i < MAP_KINDS; i++) {
		buf_puts(line, ";prepare map ");
		put_name(line, h->maps.name[i]);
	}
}

static void
put_commit(const struct haproxy *h, struct buf *line)
{
	unsigned i;

	for (i = 0; i < MAP_KINDS; i++) {
		buf_putf(line, ";commit map @%u ", h->version[i]);
		put_name(line, h->maps.name[i]);
	}
}

/* Asks what is to be asked next, if anything is.  Every line begins with
 * "show info", which tells whether it is the process that it was. */
static void
ask_next(struct haproxy *h)
{
	struct buf line = BUF_INIT;
	int64_t now = clock_ticks();

	if (now < h->retry)
		return;
	buf_puts(&line, "show info");
	if (h->maps.pid == 0 || (now >= h->look_due &&
	    !changes_wait(&h->now))) {
		buf_puts(&line, ";show map");
		ask(h, STEP_LOOK, &line);
	} else if (changes_wait(&h->now)) {
		put_commands(h, &h->now, false, &line);
		ask(h, STEP_CHANGE, &line);
	} else if (h->renew && !h->renewing) {
		put_prepare(h, &line);
		ask(h, STEP_PREPARE, &line);
	} else if (h->renewing && changes_wait(&h->anew)) {
		put_commands(h, &h->anew, true, &line);
		ask(h, STEP_GIVE, &line);
	} else if (h->renewing && h->given) {
		put_commit(h, &line);
		ask(h, STEP_COMMIT, &line);
	}
	buf_free(&line);
}

/* Answers. */

/* The process, out of the answer to "show info"; 0: it is none.  *rest is
 * what follows it. */
static long
parse_pid(const char *answer, const char **rest)
{
	const char *end = strstr(answer, "\n\n");
	const char *at = strstr(answer, "\nPid: ");

	if (at == NULL || end == NULL || at > end)
		return 0;
	*rest = end + 2;
	return strtol(at + strlen("\nPid: "), NULL, 10);
}

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Takes a name for the map that it may be of; the very path wins. */
static void
take_name(const char *name, const char *folder, struct haproxy_maps *maps,
    bool exact[MAP_KINDS], bool twice[MAP_KINDS])
{
	char path[MAP_PATH];
	bool is_exact;
	unsigned i;

	for (i = 0; i < MAP_KINDS; i++) {
		if (strcmp(base_of(name), map_kind_name(i)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder,
		    map_kind_name(i));
		is_exact = strcmp(path, name) == 0;
		if (exact[i] && !is_exact)
			continue;
		twice[i] = !is_exact && maps->name[i][0] != '\0';
		exact[i] = is_exact;
		snprintf(maps->name[i], MAP_PATH, "%s", name);
	}
}

/* "1 (NAME) pattern loaded from file …" */
static void
parse_line(const char *line, size_t n, const char *folder,
    struct haproxy_maps *maps, bool exact[MAP_KINDS], bool twice[MAP_KINDS])
{
	static const char after[] = ") pattern loaded from file";
	const char *start = memchr(line, '(', n), *end = NULL;
	char name[MAP_PATH];

	if (start != NULL)
		end = memmem(start, n - (size_t)(start - line), after,
		    sizeof(after) - 1);
	if (*line == '#' || end == NULL ||
	    (size_t)(end - start) > sizeof(name))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(end - start - 1),
	    start + 1);
	take_name(name, folder, maps, exact, twice);
}

int
haproxy_parse(const char *answer, const char *folder,
    struct haproxy_maps *maps, struct buf *why)
{
	bool exact[MAP_KINDS] = { false }, twice[MAP_KINDS] = { false };
	struct haproxy_maps found = { 0 };
	const char *at;
	size_t n;
	unsigned i;

	found.pid = parse_pid(answer, &at);
	if (found.pid <= 0) {
		buf_puts(why, "it does not answer as HAProxy does");
		return -1;
	}
	for (; *at != '\0'; at += n + (at[n] != '\0')) {
		n = strcspn(at, "\n");
		parse_line(at, n, folder, &found, exact, twice);
	}
	for (i = 0; i < MAP_KINDS; i++)
		if (found.name[i][0] == '\0' || twice[i]) {
			buf_putf(why, twice[i] ? "it has several maps %s, and "
			    "none of them is in %s" : "it has no map %s "
			    "(%s/haproxy.cfg has what is needed)",
			    map_kind_name(i), folder);
			return -1;
		}
	*maps = found;
	return 0;
}

static bool
same_maps(const struct haproxy_maps *a, const struct haproxy_maps *b)
{
	unsigned i;

	for (i = 0; i < MAP_KINDS; i++)
		if (strcmp(a->name[i], b->name[i]) != 0)
			return false;
	return a->pid == b->pid;
}

static void
on_look(struct haproxy *h, const char *answer)
{
	struct haproxy_maps maps;
	struct buf why = BUF_INIT;

	if (haproxy_parse(answer, h->folder, &maps, &why) != 0) {
		fail(h, "%s: %s", h->socket, buf_str(&why));
		buf_free(&why);
		return;
	}
	buf_free(&why);
	if (!same_maps(&maps, &h->maps)) {
		log_event(LOG_INFO, "gateway", "event", "haproxy-met", NULL);
		haproxy_renew(h);
		changes_clear(&h->now);
	}
	h->maps = maps;
	h->look_due = clock_ticks() + LOOK_MS;
}

/* Whether all of the lines are among those that mean no trouble. */
static bool
is_fine(const char *answer, const char *fine, struct buf *line)
{
	const char *at;
	size_t n;

	for (at = answer; *at != '\0'; at += n + (at[n] != '\0')) {
		n = strcspn(at, "\n");
		if (n == 0 || (fine != NULL && n == strlen(fine) &&
		    memcmp(at, fine, n) == 0))
			continue;
		buf_put(line, at, n);
		return false;
	}
	return true;
}

/* "New version created: 7", once for each map. */
static bool
take_versions(struct haproxy *h, const char *answer)
{
	static const char says[] = "New version created: ";
	const char *at = answer;
	unsigned i;

	for (i = 0; i < MAP_KINDS; i++) {
		at = strstr(at, says);
		if (at == NULL)
			return false;
		at += strlen(says);
		h->version[i] = (unsigned)strtoul(at, NULL, 10);
	}
	h->renewing = true;
	h->given = false;
	return true;
}

/* The maps that were prepared are those in use. */
static void
on_commit(struct haproxy *h)
{
	/* it was all to be told once more, meanwhile */
	if (!h->renewing)
		return;
	h->renew = h->renewing = false;
	changes_clear(&h->anew);
	/* what is still to be told to the maps that were in use is either in
	 * these, or is to come after them */
	changes_clear(&h->now);
	h->now = h->after;
	h->after = (struct changes){ BUF_INIT, 0 };
	log_event(LOG_INFO, "gateway", "event", "haproxy-told", NULL);
}

static void
on_answer(struct haproxy *h, enum step step, const char *answer)
{
	struct buf line = BUF_INIT;
	const char *rest = answer;

	if (step == STEP_LOOK) {
		on_look(h, answer);
		return;
	}
	if (parse_pid(answer, &rest) != h->maps.pid) {
		/* another process: what it was told is of no matter */
		h->maps.pid = 0;
		return;
	}
	/* one that is gone already will do; the maps that a process has read
	 * after the change was made do not have it */
	if (step == STEP_PREPARE ? !take_versions(h, rest) :
	    !is_fine(rest, step == STEP_CHANGE ? "Key not found." : NULL,
	    &line)) {
		fail(h, "%s: it says: %s", h->socket, line.len > 0 ?
		    buf_str(&line) : rest);
	} else if (step == STEP_COMMIT)
		on_commit(h);
	buf_free(&line);
}

/* Takes an answer that is complete.  False: there is none yet. */
static bool
take_answer(struct haproxy *h)
{
	struct buf answer = BUF_INIT;
	enum step step = h->step;
	int status = exchange_go_on(&h->call);

	if (status == 0)
		return false;
	if (status < 0) {
		fail(h, "%s: %s", h->socket, strerror(errno));
		return false;
	}
	answer = h->call.answer;
	h->call.answer = (struct buf)BUF_INIT;
	exchange_end(&h->call);
	h->step = STEP_NONE;
	on_answer(h, step, buf_str(&answer));
	buf_free(&answer);
	return true;
}

bool
haproxy_tend(struct haproxy *h)
{
	bool was = h->renewing, begun = false;

	for (;;) {
		if (h->step != STEP_NONE && !take_answer(h))
			break;
		begun = begun || (h->renewing && !was);
		was = h->renewing;
		if (haproxy_is_told(h) && h->trouble != NULL) {
			free(h->trouble);
			h->trouble = NULL;
			h->pause = 0;
		}
		ask_next(h);
		if (h->step == STEP_NONE)
			break;
	}
	if (!changes_wait(&h->now))
		changes_clear(&h->now);
	return begun && h->renewing;
}

int64_t
haproxy_due(const struct haproxy *h)
{
	if (h->step != STEP_NONE)
		return h->call.until;
	if (h->retry > clock_ticks())
		return h->retry;
	if (h->maps.pid == 0 || changes_wait(&h->now) ||
	    (h->renew && !h->renewing) || changes_wait(&h->anew) ||
	    (h->renewing && h->given))
		return clock_ticks();
	return h->look_due;
}

size_t
haproxy_poll(const struct haproxy *h, struct pollfd *p)
{
	if (!exchange_is_open(&h->call))
		return 0;
	*p = exchange_poll(&h->call);
	return 1;
}

bool
haproxy_is_told(const struct haproxy *h)
{
	return h->maps.pid != 0 && !h->renew && h->step != STEP_CHANGE &&
	    !changes_wait(&h->now);
}

const char *
haproxy_trouble(const struct haproxy *h)
{
	return h->trouble;
}
