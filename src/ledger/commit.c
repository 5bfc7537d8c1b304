/*
 * commit: the bytes of a commit.
 *
 * May not: know where they are kept.
 * A fault of the ledger: a commit that is not as we write them (parse fails).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

#include "commit.h"

/* "name <mailbox@desk>": who caused it, or the desk. */
static void
put_ident(struct buf *out, const char *role, const char *name,
    const char *mailbox, const char *id, int64_t at)
{
	struct buf clean = BUF_INIT;
	const char *p;

	buf_putf(out, "%s ", role);
	text_line(&clean, name, strlen(name), 100);
	for (p = buf_str(&clean); *p != '\0'; p++)
		if (strchr("<>\\\"", *p) == NULL)
			buf_putc(out, *p);
	if (out->data[out->len - 1] == ' ')
		buf_puts(out, "unnamed ");
	else
		buf_putc(out, ' ');
	buf_putc(out, '<');
	for (p = mailbox; *p != '\0'; p++)
		buf_putc(out, strchr("<>@ ", *p) != NULL ||
		    (unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f ?
		    '_' : *p);
	buf_putf(out, "@%s> %lld +0000\n", id, (long long)at);
	buf_free(&clean);
}

static void
put_author(struct buf *out, const struct ruling *r, const char *id)
{
	char uid[32];

	if (r->n_deciders > 0 && r->deciders[0].evidence != EVIDENCE_POLICY) {
		put_ident(out, "author", r->deciders[0].name,
		    r->deciders[0].name, id, r->at);
	} else if (r->uid >= 0) {
		snprintf(uid, sizeof(uid), "uid%ld", r->uid);
		put_ident(out, "author", r->client != NULL ? r->client :
		    r->box != NULL && *r->box != '\0' ? r->box : uid, uid, id,
		    r->at);
	} else
		put_ident(out, "author", "docket", "docket", id, r->at);
}

const char *
oid_text(char hex[COMMIT_HEX], const struct oid *oid)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < OID_SIZE; i++) {
		hex[2 * i] = digits[oid->id[i] >> 4];
		hex[2 * i + 1] = digits[oid->id[i] & 15];
	}
	hex[2 * OID_SIZE] = '\0';
	return hex;
}

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
oid_parse(struct oid *oid, const char *hex)
{
	int high, low;
	size_t i;

	for (i = 0; i < OID_SIZE; i++) {
		high = digit_of(hex[2 * i]);
		low = high < 0 ? -1 : digit_of(hex[2 * i + 1]);
		if (low < 0)
			return -1;
		oid->id[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

bool
oid_same(const struct oid *a, const struct oid *b)
{
	return memcmp(a->id, b->id, OID_SIZE) == 0;
}

void
commit_encode(struct buf *out, const struct oid *tree,
    const struct oid *parent, const char *id, const struct ruling *r)
{
	char hex[COMMIT_HEX];

	buf_putf(out, "tree %s\n", oid_text(hex, tree));
	if (parent != NULL)
		buf_putf(out, "parent %s\n", oid_text(hex, parent));
	put_author(out, r, id);
	put_ident(out, "committer", "docket", "docket", id, r->at);
	buf_putc(out, '\n');
	ruling_encode(r, out);
}

/* "gpgsig " and the signature, its lines indented, after the header's other
 * lines. */
void
commit_seal(struct buf *commit, const char *armour)
{
	const char *body = strstr(buf_str(commit), "\n\n") + 1, *p, *end;
	struct buf text = BUF_INIT;

	buf_put(&text, commit->data, (size_t)(body - commit->data));
	for (p = armour; *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		buf_putf(&text, "%s%.*s\n", p == armour ? "gpgsig " : " ",
		    (int)(end - p), p);
	}
	buf_puts(&text, body);
	buf_free(commit);
	*commit = text;
}

/* "name <mailbox@desk> 1795428000 +0000": the number. */
static int
parse_time(const char *line, size_t n, int64_t *at)
{
	static const char zone[] = " +0000";
	const size_t z = sizeof(zone) - 1;
	char number[24];
	uint64_t value;
	const char *p;

	if (n < z || memcmp(line + n - z, zone, z) != 0)
		return -1;
	for (p = line + n - z; p > line && p[-1] >= '0' && p[-1] <= '9'; p--)
		;
	if ((size_t)(line + n - z - p) >= sizeof(number))
		return -1;
	snprintf(number, sizeof(number), "%.*s", (int)(line + n - z - p), p);
	if (!text_number(number, INT64_MAX, &value))
		return -1;
	*at = (int64_t)value;
	return 0;
}

/* One line of the head; a signature's go to c->signature, the others to
 * c->plain.  -1: it cannot be one. */
static int
parse_line(struct commit *c, const char *line, size_t n, bool *in_signature)
{
	static const char tree[] = "tree ", parent[] = "parent ",
	    committer[] = "committer ", signature[] = "gpgsig ";
	bool whole = n == strlen(parent) + 40 || n == strlen(tree) + 40;
	int status = 0;

	*in_signature = line[0] == ' ' ? *in_signature :
	    n >= 7 && memcmp(line, signature, 7) == 0;
	if (*in_signature) {
		buf_put(&c->signature, line + (line[0] == ' ' ? 1 : 7),
		    n - (line[0] == ' ' ? 1 : 7));
		buf_putc(&c->signature, '\n');
		return 0;
	}
	if (whole && memcmp(line, tree, 5) == 0)
		status = oid_parse(&c->tree, line + 5);
	else if (whole && memcmp(line, parent, 7) == 0)
		status = c->parents++ == 0 ? oid_parse(&c->parent, line + 7) :
		    0;
	else if (n > 10 && memcmp(line, committer, 10) == 0)
		status = parse_time(line, n, &c->at);
	buf_put(&c->plain, line, n);
	buf_putc(&c->plain, '\n');
	return status;
}

int
commit_parse(struct commit *c, const char *p, size_t n)
{
	const char *end = p + n, *eol;
	bool in_signature = false;

	*c = (struct commit){ .at = -1 };
	buf_reserve(&c->plain, n);
	while (p < end && (eol = memchr(p, '\n', (size_t)(end - p))) != NULL &&
	    eol > p) {
		if (parse_line(c, p, (size_t)(eol - p), &in_signature) != 0)
			return -1;
		p = eol + 1;
	}
	if (p == end || *p != '\n' || c->at < 0)
		return -1;
	c->message = c->plain.len + 1;
	buf_put(&c->plain, p, (size_t)(end - p));
	return 0;
}

void
commit_free(struct commit *c)
{
	buf_free(&c->plain);
	buf_free(&c->signature);
}
