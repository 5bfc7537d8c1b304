/*
 * rulebook: the rules in force, and changes of them on the desk.
 *
 * May not: compile a schema (the workers do), commit.
 * The operator's: a set of files that is not valid.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "log.h"
#include "text.h"

#include "limit.h"
#include "manifest.h"
#include "rulebook.h"
#include "sshsig.h"

/* Looked at so often without an event: folders below schemas/ send none. */
#define LOOK_MS 15000

#define REFUSED ".refused.txt"

struct rulebook {
	struct desk	*desk;
	struct watch	*watch;
	int		 tag;
	struct rules	 rules;
	struct settings	 settings;
	struct rules	 refused;	/* the last set that was */
	struct rules	 seen;		/* a set that may still be growing */
	bool		 still;		/* no: what is found is taken at once */
	struct map	 told;		/* files with a FILE.refused.txt */
	int64_t		 due;
};

/* Settings of a set; strict: users must be known on this machine. */
/* -1: the operator's, or (*trouble) the machine's.  Unless strict a reviewer
 * may be nobody here. */
static int
parse_settings(const struct rules *r, struct settings *s, bool strict,
    struct conf_error *e, bool *trouble)
{
	const struct rules_file *f = rules_get(r, "docket.conf");

	*trouble = false;
	if (f == NULL)
		return conf_fail(e, 0, "there is no docket.conf");
	if (settings_parse(s, f->data, f->len, e) != 0)
		return -1;
	if (settings_resolve(s, e, trouble) != 0 && (strict || *trouble)) {
		settings_free(s);
		return -1;
	}
	return 0;
}

/* Whether a file is an explanation of ours beside a file of the rules. */
static bool
is_answer(const struct rulebook *rb, int dir, const char *name,
    const char *path)
{
	struct stat st;
	char *about;
	bool is;

	if (!text_ends(path, REFUSED) || fstatat(dir, name, &st,
	    AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != rb->desk->uid)
		return false;
	about = mem_strn(path, strlen(path) - strlen(REFUSED));
	is = rules_is_path(about);
	free(about);
	return is;
}

/* Those that were written before the last start go when the rules are valid,
 * like those of now. */
static void
find_answers(struct rulebook *rb, int dir, const char *folder, unsigned depth)
{
	struct buf path = BUF_INIT;
	DIR *list = fs_list(dir);
	const char *name;
	int fd;

	while (list != NULL && (name = fs_list_next(list)) != NULL) {
		if (name[0] == '.')
			continue;
		buf_clear(&path);
		buf_putf(&path, "%s%s", folder, name);
		if (is_answer(rb, dir, name, buf_str(&path)))
			map_put(&rb->told, buf_str(&path), rb);
		else if (depth > 0 && (fd = fs_open_dir(dir, name)) >= 0) {
			buf_puts(&path, "/");
			find_answers(rb, fd, buf_str(&path), depth - 1);
			close(fd);
		}
	}
	if (list != NULL)
		closedir(list);
	buf_free(&path);
}

struct rulebook *
rulebook_open(struct desk *desk, struct rules *rules, struct watch *watch,
    int tag, struct buf *why, bool *trouble)
{
	struct rulebook *rb = mem_alloc(sizeof(*rb));
	struct conf_error e;

	rb->desk = desk;
	rb->watch = watch;
	rb->tag = tag;
	rb->rules = *rules;
	*rules = (struct rules){ NULL, 0 };
	if (parse_settings(&rb->rules, &rb->settings, false, &e,
	    trouble) != 0) {
		buf_putf(why, "the docket.conf in the ledger: line %u: %s",
		    e.line, e.text);
		rules_free(&rb->rules);
		free(rb);
		return NULL;
	}
	find_answers(rb, desk->dir, "", 0);
	find_answers(rb, desk->schemas, "schemas/", LIMIT_SCHEMA_DEPTH);
	rulebook_watch(rb);
	rulebook_look(rb);
	return rb;
}

void
rulebook_watch(struct rulebook *rb)
{
	if (rb->watch == NULL)
		return;
	watch_del(rb->watch, rb->tag);
	watch_del(rb->watch, rb->tag + 1);
	watch_add(rb->watch, rb->desk->dir, rb->tag);
	watch_add(rb->watch, rb->desk->schemas, rb->tag + 1);
}

void
rulebook_close(struct rulebook *rb)
{
	if (rb == NULL)
		return;
	rules_free(&rb->rules);
	rules_free(&rb->refused);
	rules_free(&rb->seen);
	settings_free(&rb->settings);
	map_free(&rb->told);
	free(rb);
}

const struct rules *
rulebook_rules(const struct rulebook *rb)
{
	return &rb->rules;
}

const struct settings *
rulebook_settings(const struct rulebook *rb)
{
	return &rb->settings;
}

void
rulebook_event(struct rulebook *rb, const struct watch_event *e)
{
	size_t n = strlen(e->name);

	/* our own answers are no change */
	if (n > strlen(REFUSED) &&
	    strcmp(e->name + n - strlen(REFUSED), REFUSED) == 0)
		return;
	if (e->tag == rb->tag + 1 || e->what == WATCH_LOST ||
	    rules_is_top(e->name))
		rb->due = clock_ticks() + rb->settings.settle;
}

/* At once, and also at a set that was refused. */
void
rulebook_look(struct rulebook *rb)
{
	rules_free(&rb->refused);
	rb->still = true;
	rb->due = clock_ticks();
}

int64_t
rulebook_due(const struct rulebook *rb)
{
	return rb->due;
}

/* Answers. */

static void
forget_answers(struct rulebook *rb)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&rb->told, &at)) != NULL) {
		unlinkat(rb->desk->dir, e->key, 0);
		map_del(&rb->told, e->key);
	}
	desk_notice(rb->desk, "rules", NULL);
}

/* FILE.refused.txt, and a notice for docket status. */
static void
answer(struct rulebook *rb, const char *file, const char *text)
{
	struct buf name = BUF_INIT, body = BUF_INIT, notice = BUF_INIT;
	const char *slash;
	int dir;

	buf_putf(&name, "%s" REFUSED, file);
	buf_putf(&body, "%s was changed, but the change is not in force:\n\n"
	    "    %s\n\nThe rules stay as they were. Correct the file; it is "
	    "looked at again when it\nis saved.\n", file, text);
	buf_putf(&notice, "%s: %s (the old rules stay in force)", file, text);
	desk_notice(rb->desk, "rules", buf_str(&notice));
	slash = strrchr(name.data, '/');
	if (slash == NULL) {
		fs_replace(rb->desk->dir, name.data, body.data, body.len,
		    0644);
	} else {
		char *folder = mem_strn(name.data,
		    (size_t)(slash - name.data));

		dir = fs_open_dir(rb->desk->dir, folder);
		if (dir >= 0) {
			fs_replace(dir, slash + 1, body.data, body.len, 0644);
			close(dir);
		}
		free(folder);
	}
	map_put(&rb->told, buf_str(&name), rb);
	buf_free(&name);
	buf_free(&body);
	buf_free(&notice);
}

static void
remember_refused(struct rulebook *rb, struct rules *r)
{
	rules_free(&rb->refused);
	rb->refused = *r;
	*r = (struct rules){ NULL, 0 };
}

void
rulebook_refuse(struct rulebook *rb, struct rules *r,
    const struct faults *faults)
{
	struct buf text = BUF_INIT;
	const struct fault *f;

	forget_answers(rb);
	for (f = faults->list; f < faults->list + faults->n; f++) {
		buf_clear(&text);
		if (f->line > 0)
			buf_putf(&text, "line %ld: ", f->line);
		buf_puts(&text, fault_text(f));
		/* the first of a file says most */
		if (f == faults->list ||
		    strcmp(f->field, f[-1].field) != 0)
			answer(rb, f->field, buf_str(&text));
	}
	buf_free(&text);
	remember_refused(rb, r);
}

static void
refuse_conf(struct rulebook *rb, struct rules *r, const struct conf_error *e)
{
	struct faults faults = FAULTS_INIT;

	faults_add(&faults, FAULT_INVALID, (long)e->line, "docket.conf",
	    e->text);
	rulebook_refuse(rb, r, &faults);
	faults_free(&faults);
}

void
rulebook_check_signing(const struct desk *desk, const struct rules *r,
    const struct settings *s, struct faults *faults)
{
	struct buf path = BUF_INIT, sig = BUF_INIT, why = BUF_INIT;
	struct signature g = { NULL, "" };
	struct signer by;

	if (*s->signing_key != '/')
		buf_putf(&path, "%s/", desk->path);
	buf_puts(&path, s->signing_key);
	if (sshsig_sign(buf_str(&path), "git", "docket", 6, &sig, &why) != 0)
		faults_addf(faults, FAULT_SIGNATURE, 0, "docket.conf",
		    "[ledger] signingKey = %.100s: %s", s->signing_key,
		    buf_str(&why));
	else if (signature_parse(&g, buf_str(&sig), sig.len) != 0 ||
	    sshsig_verify(r, false, &g, "docket", 6, clock_now(), &by,
	    &why) != 1)
		faults_addf(faults, FAULT_SIGNATURE, 0, "docket.conf",
		    "[ledger] signingKey = %.100s: allowed_signers must have a "
		    "line for it: docket namespaces=\"git\" and the public "
		    "key. (%s)", s->signing_key, buf_str(&why));
	signature_free(&g);
	buf_free(&path);
	buf_free(&sig);
	buf_free(&why);
}

/* Whether a set is as it was inbox.settle ago: folders below schemas/ do not
 * tell that somebody is just copying into them.  If it is not, *r is taken,
 * to be compared with. */
static bool
is_still(struct rulebook *rb, struct rules *r)
{
	bool still = rb->still || (rb->seen.n > 0 && rules_equal(r, &rb->seen));

	rules_free(&rb->seen);
	if (!still) {
		rb->seen = *r;
		*r = (struct rules){ NULL, 0 };
		rb->due = clock_ticks() + rb->settings.settle;
	}
	return still;
}

/* They cannot be told now. */
static void
note_kept(struct rulebook *rb, struct buf *why)
{
	buf_puts(why, " (the old rules stay in force)");
	desk_notice(rb->desk, "rules", buf_str(why));
}

bool
rulebook_changed(struct rulebook *rb, struct rules *r, struct settings *s)
{
	struct buf why = BUF_INIT;
	struct faults faults = FAULTS_INIT;
	struct conf_error e;
	bool changed = false, trouble;

	rb->due = clock_ticks() + LOOK_MS;
	if (rules_load(r, rb->desk, &why) != 0) {
		note_kept(rb, &why);
	} else if (rules_same(r, &rb->rules)) {
		forget_answers(rb);
		rules_free(&rb->refused);
		rules_free(r);
	} else if (rb->refused.n > 0 && rules_equal(r, &rb->refused)) {
		rules_free(r);
	} else if (!is_still(rb, r)) {
		;
	} else if (parse_settings(r, s, true, &e, &trouble) != 0) {
		if (trouble) {
			buf_puts(&why, e.text);
			note_kept(rb, &why);
			rules_free(r);
		} else
			refuse_conf(rb, r, &e);
	} else if (strcmp(s->desk_id, rb->settings.desk_id) != 0) {
		conf_fail(&e, 0, "[desk] id stays what it is (%s): stamps and "
		    "receipts bear it", rb->settings.desk_id);
		settings_free(s);
		refuse_conf(rb, r, &e);
	} else
		changed = true;
	if (changed)
		sshsig_check_rules(r, s->revocations, &faults);
	if (changed && faults.n == 0 && s->signing_key != NULL)
		rulebook_check_signing(rb->desk, r, s, &faults);
	if (changed && faults.n == 0)
		manifest_check(&rb->rules, &rb->settings, r, clock_now(),
		    NULL, &faults);
	if (changed && faults.n > 0) {
		settings_free(s);
		rulebook_refuse(rb, r, &faults);
		changed = false;
	}
	faults_free(&faults);
	rb->still = false;
	buf_free(&why);
	return changed;
}

/* Commits and adopts. */

static const struct rules_file *
same_in(const struct rules *r, const struct rules_file *f)
{
	const struct rules_file *g = rules_get(r, f->path);

	return g != NULL && g->len == f->len &&
	    memcmp(g->data, f->data, f->len) == 0 ? g : NULL;
}

struct ruling *
rulebook_ruling(const struct rulebook *rb, const struct rules *new,
    int64_t now)
{
	struct ruling *r = mem_alloc(sizeof(*r));
	struct faults faults = FAULTS_INIT;
	const struct rules_file *f;
	struct stat st;

	ruling_init(r);
	r->event = EVENT_RULES;
	r->at = now;
	for (f = new->files; f < new->files + new->n; f++) {
		if (same_in(&rb->rules, f) != NULL)
			continue;
		ruling_put(r, f->path, f->data, f->len);
		ruling_subject(r, f->path);
		/* by whoever owns the file */
		if (r->uid < 0 && fstatat(rb->desk->dir, f->path, &st,
		    AT_SYMLINK_NOFOLLOW) == 0)
			r->uid = (long)st.st_uid;
	}
	for (f = rb->rules.files; f < rb->rules.files + rb->rules.n; f++)
		if (rules_get(new, f->path) == NULL) {
			ruling_drop(r, f->path);
			ruling_subject(r, f->path);
		}
	manifest_check(&rb->rules, &rb->settings, new, now, r, &faults);
	faults_free(&faults);
	return r;
}

void
rulebook_adopt(struct rulebook *rb, struct rules *r, struct settings *s)
{
	rules_free(&rb->rules);
	settings_free(&rb->settings);
	rules_free(&rb->refused);
	rb->rules = *r;
	rb->settings = *s;
	*r = (struct rules){ NULL, 0 };
	*s = (struct settings){ 0 };
	forget_answers(rb);
}
