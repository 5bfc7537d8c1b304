/*
 * gateway: who may pass, told to the gateways.
 *
 * May not: decide who may; wait, but for gateway_finish().
 * The operator's: a folder that cannot be written to, a HAProxy that does not
 * answer, a command that fails; each is told in a notice, and tried again.
 * The machine's trouble: an index that cannot be read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "text.h"

#include "admission.h"
#include "casefile.h"

#include "gatefiles.h"
#include "gateway.h"
#include "haproxy.h"
#include "hook.h"

/* Cases that are looked at in one go: a form that comes in meanwhile waits for
 * the rest of two of them, some milliseconds. */
#define SLICE 200

/* The files are not written more often than this, ms, and so many times as
 * long as it took is left to other work; less where a key that would pass is
 * to pass no more. */
#define PAUSE_MS 200
#define SHARE 20
#define SHARE_URGENT 2

/* A folder that cannot be written to is tried again after so long, ms. */
#define RETRY_MS 5000

/* After every number. */
#define ALL "~"

/* A case that is about to be another, and what there was to tell of it. */
struct moving {
	struct map	 old, new;	/* "0 KEY" -> value */
};

struct gateway {
	struct desk	*desk;
	const struct settings *settings;
	struct index	*index;
	struct gatefiles *files;
	struct hook	*hook;
	struct haproxy	*haproxy;	/* or NULL */
	char		*socket;	/* its socket; or NULL */
	struct map	 moving;	/* number -> struct moving */
	bool		 changed;	/* since the files were begun */
	bool		 differs;	/* from what is in them; else that is
					 * to be seen */
	bool		 urgent;
	bool		 wanted;	/* also where there is no folder */
	bool		 hurry;		/* without pauses */
	bool		 writing;
	bool		 comparing;	/* rather than writing them */
	char		 written[NUMBER_TEXT];	/* cases up to this */
	char		 given[NUMBER_TEXT];	/* the same, to haproxy */
	int64_t		 cost;		/* of the files so far, or in all, ms */
	int64_t		 ended;		/* ticks */
	int64_t		 retry;		/* ticks */
	struct gateway_told told;
	uint64_t	 keys;		/* so far */
};

/* Settings. */

static char *
path_from_desk(const struct desk *desk, const char *name)
{
	char *full = realpath(desk->path, NULL);
	struct buf path = BUF_INIT;

	if (*name != '/')
		buf_putf(&path, "%s/", full == NULL ? desk->path : full);
	buf_puts(&path, name);
	free(full);
	return buf_take(&path);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
meet_haproxy(struct gateway *g, const char *name)
{
	char *socket = name == NULL ? NULL : path_from_desk(g->desk, name);
	char *folder;

	if (!same_text(socket, g->socket)) {
		haproxy_free(g->haproxy);
		g->haproxy = NULL;
	}
	free(g->socket);
	g->socket = socket;
	if (socket == NULL || g->haproxy != NULL)
		return;
	folder = path_from_desk(g->desk, "outbox/" GATEWAY_FOLDER);
	g->haproxy = haproxy_new(socket, folder);
	free(folder);
}

void
gateway_configure(struct gateway *g, const struct settings *s)
{
	g->settings = s;
	meet_haproxy(g, s->haproxy);
	hook_configure(g->hook, s->reload);
	/* the day may end at another hour */
	g->changed = true;
	if (g->haproxy != NULL)
		haproxy_renew(g->haproxy);
}

struct gateway *
gateway_open(struct desk *desk, const struct settings *s,
    struct index *index)
{
	struct gateway *g = mem_alloc(sizeof(*g));

	g->desk = desk;
	g->index = index;
	g->files = gatefiles_new(desk->outbox);
	g->hook = hook_new("gateway.reload", desk->own, "reload-due");
	gateway_configure(g, s);
	return g;
}

/* What a case has to tell. */

static void
forget_moving(struct gateway *g)
{
	const struct map_entry *e;
	struct moving *m;
	size_t at = 0;

	while ((e = map_next(&g->moving, &at)) != NULL) {
		m = e->value;
		map_free_all(&m->old);
		map_free_all(&m->new);
	}
	map_free_all(&g->moving);
}

void
gateway_close(struct gateway *g)
{
	if (g == NULL)
		return;
	forget_moving(g);
	haproxy_free(g->haproxy);
	hook_free(g->hook);
	gatefiles_free(g->files);
	free(g->socket);
	free(g);
}

/* Calls fn for each key of a case that may pass.  What it returns but 0 ends
 * the walk, and is returned. */
static int
each_admission(const struct casefile *c,
    int (*fn)(void *, const struct admission *), void *arg)
{
	const char *at = c->keys;
	struct terms terms;
	struct case_key key;
	struct admission a;
	int status = 0;

	if (c->state != STATE_APPROVED || !c->in_force || c->keys == NULL ||
	    terms_of(&c->facts, &terms) != 0)
		return 0;
	while (status == 0 && casefile_next_key(&at, &key)) {
		a = admission_of(&terms, key.sha256, key.until);
		status = fn(arg, &a);
	}
	terms_free(&terms);
	return status;
}

static int
keep_items(void *arg, const struct admission *a)
{
	struct map *m = arg;
	char key[8 + sizeof(((struct map_item *)0)->key)];
	struct map_item item;
	enum map_kind kind;
	const char *at;

	for (kind = 0; kind < MAP_KINDS; kind++)
		for (at = NULL; admission_next(a, kind, &at, &item);) {
			snprintf(key, sizeof(key), "%u %s", (unsigned)kind,
			    item.key);
			free(map_put(m, key, mem_str(item.value)));
		}
	return 0;
}

/* The items of a case as it is in the index. */
static int
items_of(struct gateway *g, const char *number, struct map *m)
{
	struct casefile c;
	int found = index_case(g->index, number, &c);

	if (found == 1) {
		each_admission(&c, keep_items, m);
		casefile_free(&c);
	}
	return found < 0 ? -1 : 0;
}

/* Says what of a case no gateway can be told. */
static int
warn_left_out(struct gateway *g, const char *number)
{
	struct casefile c;
	struct terms terms = TERMS_INIT;
	int found = index_case(g->index, number, &c);

	if (found != 1)
		return found;
	if (c.keys != NULL && c.state == STATE_APPROVED &&
	    (terms_of(&c.facts, &terms) != 0 || terms.left_out > 0))
		log_event(LOG_WARN, number, "event", "gateway-left-out",
		    "what", terms.client == NULL ? "its client's id is too "
		    "long" : "an API's id is too long", NULL);
	terms_free(&terms);
	casefile_free(&c);
	return 0;
}

/* Changes. */

/* What may change who passes. */
static const bool matters[EVENT_COUNT] = {
	[EVENT_APPROVE] = true,
	[EVENT_EFFECT] = true,
	[EVENT_EXPIRE] = true,
	[EVENT_REVOKE] = true,
	[EVENT_RETIRE] = true,
};

int
gateway_moving(struct gateway *g, const struct ruling *r)
{
	struct moving *m;

	if (!matters[r->event] || map_has(&g->moving, r->number))
		return 0;
	m = mem_alloc(sizeof(*m));
	map_put(&g->moving, r->number, m);
	return items_of(g, r->number, &m->old);
}

static void
tell(struct gateway *g, const char *number, enum change change,
    const char *key, const char *value)
{
	enum map_kind kind = (enum map_kind)(*key - '0');
	struct map_item item;

	g->changed = g->differs = true;
	if (g->haproxy == NULL)
		return;
	snprintf(item.key, sizeof(item.key), "%s", key + 2);
	snprintf(item.value, sizeof(item.value), "%s", value);
	haproxy_change(g->haproxy, change, kind, &item);
	/* the maps that are being made have this case as it was */
	if (haproxy_is_renewing(g->haproxy) && strcmp(number, g->given) <= 0)
		haproxy_after(g->haproxy, change, kind, &item);
}

/* Whether that key would still pass, were it not for the change. */
static bool
was_good(const struct moving *m, const char *hash)
{
	char key[80];
	const char *until;

	snprintf(key, sizeof(key), "%u %.64s", (unsigned)MAP_EXPIRY, hash);
	until = map_get(&m->old, key);
	return until != NULL && strtoll(until, NULL, 10) > clock_now();
}

/* What makes a key known goes before all else, or after. */
static void
tell_deleted(struct gateway *g, const char *number, const struct moving *m,
    bool clients)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&m->old, &at)) != NULL) {
		if (map_has(&m->new, e->key) ||
		    (*e->key - '0' == MAP_CLIENTS) != clients)
			continue;
		if (clients && was_good(m, e->key + 2))
			g->urgent = true;
		tell(g, number, CHANGE_DELETE, e->key, "");
	}
}

static void
tell_set(struct gateway *g, const char *number, const struct moving *m)
{
	const struct map_entry *e;
	const char *old;
	size_t at = 0;

	while ((e = map_next(&m->new, &at)) != NULL) {
		old = map_get(&m->old, e->key);
		if (old != NULL && strcmp(old, e->value) != 0)
			tell(g, number, CHANGE_SET, e->key, e->value);
	}
}

static void
tell_added(struct gateway *g, const char *number, const struct moving *m)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&m->new, &at)) != NULL)
		if (!map_has(&m->old, e->key))
			tell(g, number, CHANGE_ADD, e->key, e->value);
}

/* Of all cases first what revokes, last what lets in. */
static void
tell_moved(struct gateway *g)
{
	const struct map_entry *e;
	unsigned phase;
	size_t at;

	for (phase = 0; phase < 4; phase++)
		for (at = 0; (e = map_next(&g->moving, &at)) != NULL;) {
			if (phase < 2)
				tell_deleted(g, e->key, e->value, phase == 0);
			else if (phase == 2)
				tell_set(g, e->key, e->value);
			else
				tell_added(g, e->key, e->value);
		}
}

/* The files. */

static void
note_files(struct gateway *g, const char *what)
{
	struct buf text = BUF_INIT;

	if (what != NULL)
		buf_putf(&text, "outbox/" GATEWAY_FOLDER "%s%s: %s; gateways "
		    "that read it go by what they have", *what == '\0' ? "" :
		    "/", what, strerror(errno));
	desk_notice(g->desk, "gateway", what == NULL ? NULL : buf_str(&text));
	buf_free(&text);
}

/* They are tried again later. */
static void
fail_files(struct gateway *g)
{
	note_files(g, gatefiles_at(g->files));
	g->writing = false;
	g->changed = g->differs = true;
	g->retry = clock_ticks() + RETRY_MS;
}

static int
any_case(void *arg, const struct casefile *c)
{
	(void)c;
	*(bool *)arg = true;
	return 1;
}

/* A desk without keys in force gets no folder. */
static int
is_wanted(struct gateway *g, bool *wanted)
{
	*wanted = g->wanted || gatefiles_are_wanted(g->files);
	if (*wanted)
		return 0;
	return index_admitted(g->index, "", 1, any_case, wanted) < 0 ? -1 : 0;
}

static int
begin_files(struct gateway *g)
{
	bool wanted;

	if (is_wanted(g, &wanted) != 0)
		return -1;
	g->changed = g->urgent = false;
	g->retry = 0;
	if (!wanted)
		return 0;
	g->cost = 0;
	g->keys = 0;
	g->written[0] = '\0';
	g->writing = true;
	g->comparing = !g->differs;
	g->differs = false;
	if (gatefiles_begin(g->files, g->comparing) != 0)
		fail_files(g);
	return 0;
}

/* What ends a walk. */
enum { PUT_FAILED = 1, PUT_DIFFERS };

struct slice {
	struct gateway	*gateway;
	unsigned	 n;
};

static int
put_file(void *arg, const struct admission *a)
{
	struct gateway *g = arg;
	int status;

	g->keys++;
	status = gatefiles_put(g->files, a);
	return status < 0 ? PUT_FAILED : status > 0 ? PUT_DIFFERS : 0;
}

static int
put_case(void *arg, const struct casefile *c)
{
	struct slice *s = arg;

	s->n++;
	strcpy(s->gateway->written, c->number);
	return each_admission(c, put_file, s->gateway);
}

static int
write_them(struct gateway *g)
{
	gatefiles_abort(g->files);
	g->differs = true;
	return begin_files(g);
}

static void
tell_written(struct gateway *g, unsigned files, bool due)
{
	char text[NUM_TEXT], keys[NUM_TEXT];

	g->writing = false;
	g->told.keys = g->keys;
	g->told.files = files;
	note_files(g, NULL);
	if (files > 0)
		log_event(LOG_INFO, "gateway", "event", "written", "files",
		    num_text(text, files), "keys", num_text(keys, g->keys),
		    NULL);
	else if (!due)
		hook_forget(g->hook);
	if (files > 0 || due)
		hook_run(g->hook);
}

static int
end_files(struct gateway *g)
{
	bool due = hook_is_due(g->hook);
	unsigned files;
	int status;

	if (!g->comparing)
		hook_note(g->hook);
	status = gatefiles_end(g->files, &files);
	if (status > 0)
		return write_them(g);
	if (status < 0)
		fail_files(g);
	else
		tell_written(g, files, due);
	return 0;
}

static int
write_slice(struct gateway *g)
{
	struct slice s = { g, 0 };
	int64_t began = clock_ticks();
	int status = index_admitted(g->index, g->written, SLICE, put_case, &s);

	if (status < 0)
		return -1;
	g->ended = clock_ticks();
	g->cost += g->ended - began;
	if (status == PUT_FAILED)
		fail_files(g);
	else if (status == PUT_DIFFERS)
		return write_them(g);
	else if (s.n < SLICE)
		return end_files(g);
	return 0;
}

static int64_t
files_due(const struct gateway *g)
{
	int64_t pause = g->cost * SHARE;

	if (g->writing)
		return clock_ticks();
	if (!g->changed)
		return INT64_MAX;
	if (g->retry != 0)
		return g->retry;
	if (g->hurry)
		return clock_ticks();
	if (g->urgent)
		return g->ended + g->cost * SHARE_URGENT;
	return g->ended + (pause < PAUSE_MS ? PAUSE_MS : pause);
}

static int
tend_files(struct gateway *g)
{
	if (clock_ticks() < files_due(g))
		return 0;
	if (!g->writing && begin_files(g) != 0)
		return -1;
	return g->writing ? write_slice(g) : 0;
}

/* HAProxy. */

static void
note_haproxy(struct gateway *g)
{
	const char *trouble = g->haproxy == NULL ? NULL :
	    haproxy_trouble(g->haproxy);
	struct buf text = BUF_INIT;

	if (trouble != NULL)
		buf_putf(&text, "gateway.haproxy: HAProxy cannot be told at "
		    "%s; it is tried again, and goes by the files that it has "
		    "read meanwhile", trouble);
	desk_notice(g->desk, "gateway.haproxy",
	    trouble == NULL ? NULL : buf_str(&text));
	buf_free(&text);
}

static void
tend_haproxy(struct gateway *g)
{
	if (haproxy_tend(g->haproxy))
		g->given[0] = '\0';
	note_haproxy(g);
}

int
gateway_moved(struct gateway *g)
{
	const struct map_entry *e;
	struct moving *m;
	size_t at = 0;

	if (map_count(&g->moving) == 0)
		return 0;
	while ((e = map_next(&g->moving, &at)) != NULL) {
		m = e->value;
		if (items_of(g, e->key, &m->new) != 0 ||
		    warn_left_out(g, e->key) != 0)
			return -1;
	}
	tell_moved(g);
	forget_moving(g);
	if (g->haproxy != NULL)
		tend_haproxy(g);
	return 0;
}

static int
give_item(void *arg, const struct admission *a)
{
	struct gateway *g = arg;
	struct map_item item;
	enum map_kind kind;
	const char *at;

	for (kind = 0; kind < MAP_KINDS; kind++)
		for (at = NULL; admission_next(a, kind, &at, &item);)
			haproxy_give(g->haproxy, kind, &item);
	return 0;
}

static int
give_case(void *arg, const struct casefile *c)
{
	struct slice *s = arg;

	s->n++;
	strcpy(s->gateway->given, c->number);
	return each_admission(c, give_item, s->gateway);
}

/* The next items for maps that are made anew. */
static int
give_slice(struct gateway *g)
{
	struct slice s = { g, 0 };

	if (!haproxy_wants(g->haproxy))
		return 0;
	if (index_admitted(g->index, g->given, SLICE, give_case, &s) < 0)
		return -1;
	if (s.n < SLICE) {
		haproxy_given(g->haproxy);
		strcpy(g->given, ALL);
	}
	return 0;
}

/* All of it. */

int
gateway_tend(struct gateway *g)
{
	if (g->haproxy != NULL) {
		tend_haproxy(g);
		if (give_slice(g) != 0)
			return -1;
	} else
		note_haproxy(g);
	if (tend_files(g) != 0)
		return -1;
	hook_tend(g->hook);
	desk_notice(g->desk, "gateway.reload", hook_trouble(g->hook));
	return 0;
}

static int64_t
earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
gateway_due(const struct gateway *g)
{
	int64_t due = earliest(files_due(g), hook_due(g->hook));

	if (g->haproxy == NULL)
		return due;
	return haproxy_wants(g->haproxy) ? clock_ticks() :
	    earliest(due, haproxy_due(g->haproxy));
}

size_t
gateway_poll(const struct gateway *g, struct pollfd *fds)
{
	size_t n = hook_poll(g->hook, fds);

	if (g->haproxy != NULL)
		n += haproxy_poll(g->haproxy, fds + n);
	return n;
}

void
gateway_renew(struct gateway *g)
{
	g->changed = g->wanted = true;
	if (g->haproxy != NULL)
		haproxy_renew(g->haproxy);
}

/* Nothing is left to tell that could be told. */
static bool
is_through(const struct gateway *g)
{
	return !g->writing && (!g->changed || g->retry != 0) &&
	    !hook_is_run(g->hook) && (g->haproxy == NULL ||
	    haproxy_is_told(g->haproxy) ||
	    haproxy_trouble(g->haproxy) != NULL);
}

int
gateway_finish(struct gateway *g, int64_t ms)
{
	int64_t until = clock_ticks() + ms, left;
	struct pollfd fds[GATEWAY_FDS];
	int status;

	g->hurry = true;
	while ((status = gateway_tend(g)) == 0 && !is_through(g) &&
	    clock_ticks() < until) {
		left = earliest(gateway_due(g), until) - clock_ticks();
		poll(fds, gateway_poll(g, fds), left < 0 ? 0 : (int)left);
	}
	g->hurry = false;
	return status;
}

struct gateway_told
gateway_told(const struct gateway *g)
{
	struct gateway_told told = g->told;

	told.haproxy = g->haproxy != NULL && haproxy_is_told(g->haproxy);
	told.trouble = g->haproxy != NULL ? haproxy_trouble(g->haproxy) : NULL;
	if (told.trouble == NULL)
		told.trouble = hook_trouble(g->hook);
	if (told.trouble == NULL && g->retry != 0)
		told.trouble = "the files cannot be written";
	return told;
}
