/*
 * finding: what the checks say, and what they ask of each other.
 *
 * May not: look at anything itself.
 */
#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"

#include "doctoring.h"

static char *vtext(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

static char *
vtext(const char *fmt, va_list ap)
{
	struct buf text = BUF_INIT;

	buf_vputf(&text, fmt, ap);
	return buf_take(&text);
}

void
doctor_find(struct doctor *d, enum grade grade, const char *where,
    const char *fmt, ...)
{
	struct finding *f;
	va_list ap;

	d->list = mem_grow(d->list, d->n + 1, sizeof(*d->list));
	f = &d->list[d->n++];
	*f = (struct finding){ grade, d->check, mem_str(where), NULL, NULL };
	va_start(ap, fmt);
	f->what = vtext(fmt, ap);
	va_end(ap);
}

void
doctor_remedy(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	d->list[d->n - 1].remedy = vtext(fmt, ap);
	va_end(ap);
}

void
doctor_unseen(struct doctor *d, const char *where)
{
	doctor_find(d, GRADE_NOTE, where, "It cannot be looked at: %s.",
	    strerror(errno));
	if (errno == EACCES)
		doctor_remedy(d, "runuser -u %s -- docket doctor -C %s",
		    doctor_user(d->st.st_uid), doctor_path(d, "."));
}

static void
quote(struct buf *out, const char *word)
{
	const char *p;

	for (p = word; isalnum((unsigned char)*p) ||
	    (*p != '\0' && strchr("/._-+:@%", *p) != NULL); p++)
		;
	if (*p == '\0' && p > word) {
		buf_puts(out, word);
		return;
	}
	buf_putc(out, '\'');
	for (p = word; *p != '\0'; p++)
		if (*p == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *p);
	buf_putc(out, '\'');
}

const char *
doctor_path(const struct doctor *d, const char *name)
{
	static struct buf words[3];
	static unsigned at;
	struct buf path = BUF_INIT, *word = &words[at++ % 3];

	buf_puts(&path, d->path);
	if (strcmp(name, ".") != 0)
		buf_putf(&path, "/%s", name);
	buf_clear(word);
	quote(word, buf_str(&path));
	buf_free(&path);
	return buf_str(word);
}

const char *
doctor_user(uid_t uid)
{
	static char name[64];
	const struct passwd *pw = getpwuid(uid);

	if (pw != NULL)
		snprintf(name, sizeof(name), "%s", pw->pw_name);
	else
		snprintf(name, sizeof(name), "%lu", (unsigned long)uid);
	return name;
}

bool
doctor_is_owner(const struct doctor *d)
{
	return geteuid() == 0 || geteuid() == d->st.st_uid;
}

bool
doctor_asks(const struct doctor *d, enum evidence evidence)
{
	const struct review *r;
	unsigned i;

	for (r = d->settings.reviews; d->settled &&
	    r < d->settings.reviews + d->settings.n_reviews; r++)
		for (i = 0; i < DECIDED_COUNT; i++)
			if (r->of[i].evidence == evidence)
				return true;
	return false;
}
