/*
 * signature: an SSH signature as a file.
 *
 * May not: verify anything.
 * A fault of the sender: bytes that are no signature.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "text.h"

#include "signature.h"

#define BEGIN "-----BEGIN SSH SIGNATURE-----"
#define END "-----END SSH SIGNATURE-----"
#define MAGIC "SSHSIG"

static const char suffix[] = "@docket";

struct scan {
	const unsigned char *p, *end;
};

static int
get_u32(struct scan *s, uint32_t *n)
{
	if (s->end - s->p < 4)
		return -1;
	*n = (uint32_t)s->p[0] << 24 | (uint32_t)s->p[1] << 16 |
	    (uint32_t)s->p[2] << 8 | s->p[3];
	s->p += 4;
	return 0;
}

static int
get_string(struct scan *s, const unsigned char **p, uint32_t *n)
{
	if (get_u32(s, n) != 0 || (size_t)(s->end - s->p) < *n)
		return -1;
	*p = s->p;
	s->p += *n;
	return 0;
}

/* PROTOCOL.sshsig: magic, version, key, namespace, reserved, hash, signature. */
static int
parse_blob(struct signature *g, const struct buf *blob)
{
	const unsigned char *p, *name;
	uint32_t version, n, len;
	struct scan s;
	unsigned rest;

	s.p = (const unsigned char *)blob->data;
	s.end = s.p + blob->len;
	if (blob->len < 6 || memcmp(s.p, MAGIC, 6) != 0)
		return -1;
	s.p += 6;
	if (get_u32(&s, &version) != 0 || version != 1 ||
	    get_string(&s, &p, &n) != 0 || get_string(&s, &name, &len) != 0 ||
	    len >= NAMESPACE_TEXT)
		return -1;
	for (rest = 0; rest < 3; rest++)
		if (get_string(&s, &p, &n) != 0)
			return -1;
	if (s.p != s.end || !text_plain((const char *)name, len) ||
	    memchr(name, '\0', len) != NULL)
		return -1;
	memcpy(g->name_space, name, len);
	g->name_space[len] = '\0';
	return 0;
}

int
signature_parse(struct signature *g, const char *p, size_t n)
{
	struct buf blob = BUF_INIT, text = BUF_INIT;
	const char *begin, *end;
	int status = -1;

	*g = (struct signature){ NULL, "" };
	begin = memmem(p, n, BEGIN, strlen(BEGIN));
	if (begin != p)
		return -1;
	p += strlen(BEGIN);
	end = memmem(p, n - strlen(BEGIN), END, strlen(END));
	if (end == NULL)
		return -1;
	if (hash_unbase64(&blob, p, (size_t)(end - p)) == 0)
		status = parse_blob(g, &blob);
	buf_free(&blob);
	if (status != 0)
		return -1;
	buf_putf(&text, "%.*s" END "\n", (int)(end - begin), begin);
	g->text = buf_take(&text);
	return 0;
}

void
signature_free(struct signature *g)
{
	free(g->text);
	*g = (struct signature){ NULL, "" };
}

const char *
signature_namespace(char name[NAMESPACE_TEXT], enum event decision)
{
	snprintf(name, NAMESPACE_TEXT, "%s%s", event_name(decision), suffix);
	return name;
}

enum event
signature_decision(const char *name)
{
	static const enum event events[] = {
		EVENT_APPROVE, EVENT_RETURN, EVENT_REJECT, EVENT_REVOKE,
	};
	char text[NAMESPACE_TEXT];
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(name, signature_namespace(text, events[i])) == 0)
			return events[i];
	return EVENT_COUNT;
}
