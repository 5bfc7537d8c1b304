/*
 * admission: what a gateway must know to let a key pass.
 *
 * May not: decide whether a case is in force; read a clock.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "text.h"

#include "admission.h"

#define QUOTA_FIELD "quota"

/* ctype(3) would go by the locale. */
static bool
is_kept(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/* -1: it is longer than can be written; nothing is appended then. */
static int
put_word(struct buf *out, const char *p, size_t n)
{
	size_t start = out->len, i;

	for (i = 0; i < n && out->len - start <= ADMISSION_WORD; i++)
		if (is_kept(p[i]))
			buf_putc(out, p[i]);
		else
			buf_putf(out, "%%%02X", (unsigned char)p[i]);
	if (out->len - start <= ADMISSION_WORD)
		return 0;
	buf_cut(out, start);
	return -1;
}

static int64_t
quota_of(const struct facts *facts)
{
	char *text = facts_value(facts, QUOTA_FIELD);
	uint64_t n = 0;
	int64_t quota = -1;

	if (text != NULL && strcmp(text, "-1") != 0)
		quota = text_number(text, INT32_MAX, &n) ? (int64_t)n : 0;
	free(text);
	return quota;
}

static int64_t
end_of(const struct facts *facts)
{
	int32_t day;

	return day_parse(facts->expiry, &day) != 0 ? ADMISSION_NO_END :
	    clock_day_start(day + 1);
}

/* An API without a name would be the root of all of them. */
static void
put_apis(struct terms *t, const char *apis)
{
	struct buf out = BUF_INIT;
	const char *at = apis;
	size_t n;

	for (; at != NULL && *at != '\0'; at += n + (at[n] != '\0')) {
		n = strcspn(at, "\n");
		if (n == 0)
			continue;
		if (put_word(&out, at, n) == 0)
			buf_putc(&out, '\n');
		else
			t->left_out++;
	}
	t->apis = out.len == 0 ? NULL : buf_take(&out);
}

int
terms_of(const struct facts *facts, struct terms *t)
{
	const char *client = facts->client == NULL || *facts->client == '\0' ?
	    "-" : facts->client;
	struct buf word = BUF_INIT;

	if (put_word(&word, client, strlen(client)) != 0) {
		buf_free(&word);
		return -1;
	}
	*t = (struct terms)TERMS_INIT;
	t->client = buf_take(&word);
	t->quota = quota_of(facts);
	t->until = end_of(facts);
	put_apis(t, facts->apis);
	return 0;
}

void
terms_free(struct terms *t)
{
	free(t->client);
	free(t->apis);
	*t = (struct terms)TERMS_INIT;
}

struct admission
admission_of(const struct terms *terms, const char *sha256, int64_t end)
{
	return (struct admission){ terms, sha256,
	    end != 0 && end < terms->until ? end : terms->until };
}

/* The maps. */

static bool
next_api(const struct admission *a, const char **at, struct map_item *item)
{
	size_t n;

	if (*at == NULL)
		*at = a->terms->apis == NULL ? "" : a->terms->apis;
	n = strcspn(*at, "\n");
	if (n == 0)
		return false;
	snprintf(item->key, sizeof(item->key), "%s/%.*s", a->sha256, (int)n,
	    *at);
	strcpy(item->value, "1");
	*at += n + 1;
	return true;
}

/* The only item of a map; false when it was given before. */
static bool
once(const struct admission *a, const char **at, struct map_item *item)
{
	if (*at != NULL)
		return false;
	*at = "";
	snprintf(item->key, sizeof(item->key), "%s", a->sha256);
	return true;
}

bool
admission_next(const struct admission *a, enum map_kind kind,
    const char **at, struct map_item *item)
{
	if (kind == MAP_APIS)
		return next_api(a, at, item);
	if (!once(a, at, item))
		return false;
	if (kind == MAP_CLIENTS)
		snprintf(item->value, sizeof(item->value), "%s",
		    a->terms->client);
	else
		snprintf(item->value, sizeof(item->value), "%" PRId64,
		    kind == MAP_QUOTA ? a->terms->quota : a->until);
	return true;
}

/* The files. */

static void
put_map(const struct admission *a, enum map_kind kind, struct buf *out)
{
	const char *at = NULL;
	struct map_item item;

	while (admission_next(a, kind, &at, &item))
		buf_putf(out, "%s %s\n", item.key, item.value);
}

static void
put_nginx_keys(const struct admission *a, enum map_kind kind, struct buf *out)
{
	(void)kind;
	buf_putf(out, "\"%s\" \"%s|%" PRId64 "|%" PRId64 "\";\n", a->sha256,
	    a->terms->client, a->until, a->terms->quota);
}

static void
put_nginx_apis(const struct admission *a, enum map_kind kind, struct buf *out)
{
	const char *at = NULL;
	struct map_item item;

	while (admission_next(a, kind, &at, &item))
		buf_putf(out, "\"%s\" 1;\n", item.key);
}

static const struct {
	const char	*name;
	void		(*put)(const struct admission *, enum map_kind,
			    struct buf *);
} files[ADMISSION_FILES] = {
	[MAP_APIS] = { "apis.map", put_map },
	[MAP_QUOTA] = { "quota.map", put_map },
	[MAP_EXPIRY] = { "expiry.map", put_map },
	[MAP_CLIENTS] = { "clients.map", put_map },
	{ "nginx-apis.map", put_nginx_apis },
	{ "nginx-keys.map", put_nginx_keys },
};

const char *
map_kind_name(enum map_kind kind)
{
	return files[kind].name;
}

const char *
admission_file(size_t file)
{
	return file < ADMISSION_FILES ? files[file].name : NULL;
}

void
admission_put(size_t file, const struct admission *a, struct buf *out)
{
	files[file].put(a, file < MAP_KINDS ? (enum map_kind)file : MAP_APIS,
	    out);
}
