/*
 * foreseen: the days as of which papers are approved, as later commits say.
 *
 * A worker that looks into a paper at its receipt is asked of that day too:
 * so it is parsed and validated once.  Nothing is believed of what is found
 * here: a day that is none, or another, costs a second look.
 *
 * May not: take a commit for one that the desk wrote.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hash.h"

#include "auditing.h"

/* "2026-11-22" */
#define DAY_LEN 10

/* The value of a trailer, of so many bytes; NULL: there is none. */
static const char *
trailer(const struct buf *commit, const char *name, size_t n)
{
	const char *end = commit->data + commit->len;
	const char *at = memmem(commit->data, commit->len, name,
	    strlen(name));

	if (at == NULL)
		return NULL;
	at += strlen(name);
	return (size_t)(end - at) > n && at[n] == '\n' ? at : NULL;
}

/* The slot of a paper, or the one where it would go. */
static struct foreseen_day *
find(const struct foreseen *f, uint64_t paper)
{
	size_t at = paper & (f->cap - 1);

	while (f->slots[at].paper != 0 && f->slots[at].paper != paper)
		at = (at + 1) & (f->cap - 1);
	return &f->slots[at];
}

static void
grow(struct foreseen *f)
{
	struct foreseen grown = { .cap = f->cap == 0 ? 1024 : f->cap * 2,
	    .n = f->n };
	size_t i;

	grown.slots = mem_alloc(grown.cap * sizeof(*grown.slots));
	for (i = 0; i < f->cap; i++)
		if (f->slots[i].paper != 0)
			*find(&grown, f->slots[i].paper) = f->slots[i];
	free(f->slots);
	*f = grown;
}

static uint64_t
name_of(const char *sha256)
{
	uint64_t hash = hash_short(sha256, SHA256_HEX - 1);

	return hash == 0 ? 1 : hash;
}

void
foreseen_note(void *arg, const struct buf *commit)
{
	struct foreseen *f = arg;
	struct foreseen_day *d;
	const char *checked, *sha256;
	char text[DAY_TEXT];
	uint64_t paper;
	int32_t day;

	if (trailer(commit, "\nEvent: approve", 0) == NULL ||
	    (checked = trailer(commit, "\nChecked: ", DAY_LEN)) == NULL ||
	    (sha256 = trailer(commit, "\nForm-SHA256: ", SHA256_HEX - 1)) ==
	    NULL)
		return;
	memcpy(text, checked, DAY_LEN);
	text[DAY_LEN] = '\0';
	if (day_parse(text, &day) != 0)
		return;
	if (f->n * 2 >= f->cap)
		grow(f);
	paper = name_of(sha256);
	d = find(f, paper);
	f->n += d->paper == 0;
	/* newest first: the first approval is the last that is shown */
	*d = (struct foreseen_day){ paper, day };
}

int32_t
foreseen_day(const struct foreseen *f, const char *sha256)
{
	return f->n == 0 || strlen(sha256) != SHA256_HEX - 1 ? 0 :
	    find(f, name_of(sha256))->day;
}

void
foreseen_free(struct foreseen *f)
{
	free(f->slots);
	*f = (struct foreseen){ NULL, 0, 0 };
}
