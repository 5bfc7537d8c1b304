/*
 * manifest: what the rules of a desk are to be.
 *
 * May not: read a file or a clock.
 * A fault of the operator: a manifest that is not that of the rules, or too
 * few signatures.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "text.h"

#include "manifest.h"
#include "sshsig.h"

#define SERIAL "# serial: "
#define NAMESPACE "policy@docket"
#define SIGNERS_MOST 99

/* Whether it is one of the rules themselves. */
static bool
is_listed(const struct rules_file *f)
{
	return strncmp(f->path, MANIFEST, strlen(MANIFEST)) != 0;
}

void
manifest_put(struct buf *out, const struct rules *rules, const char *desk,
    uint64_t serial)
{
	const struct rules_file *f;
	char hex[SHA256_HEX], number[NUM_TEXT];

	buf_putf(out, "# docket policy\n# desk: %s\n" SERIAL "%s\n", desk,
	    num_text(number, serial));
	for (f = rules->files; f < rules->files + rules->n; f++)
		if (is_listed(f))
			buf_putf(out, "%s  %s\n", hash_sha256(hex, f->data,
			    f->len), f->path);
}

static uint64_t
serial_of(const struct rules_file *f)
{
	const char *at = memmem(f->data, f->len, SERIAL, strlen(SERIAL));
	uint64_t serial;
	char number[NUM_TEXT];
	size_t n;

	if (at == NULL)
		return 0;
	at += strlen(SERIAL);
	n = strspn(at, "0123456789");
	if (n >= sizeof(number))
		return 0;
	memcpy(number, at, n);
	number[n] = '\0';
	return text_number(number, UINT64_MAX - 1, &serial) ? serial : 0;
}

uint64_t
manifest_serial(const struct rules *rules)
{
	const struct rules_file *f = rules_get(rules, MANIFEST);

	return f == NULL ? 0 : serial_of(f);
}

/* The first line that differs, as a name of what is not as it should be. */
static void
name_difference(const char *is, const char *want, struct buf *out)
{
	const char *at = strchr(want, ' ');
	size_t n;

	while (*is != '\0' && *is == *want) {
		if (*want++ == '\n')
			at = want;
		is++;
	}
	/* "<digest>  <path>" */
	at = at == NULL ? want : strstr(at, "  ");
	if (at == NULL) {
		buf_puts(out, "the list of files");
		return;
	}
	n = strcspn(at += 2, "\n");
	buf_put(out, at, n);
}

static int
check_text(const struct rules_file *f, const struct rules *force,
    const struct settings *s, const struct rules *new, struct faults *faults)
{
	struct buf want = BUF_INIT, what = BUF_INIT;
	uint64_t serial = manifest_serial(force) + 1;
	char is[NUM_TEXT], due[NUM_TEXT];
	int status = -1;

	manifest_put(&want, new, s->desk_id, serial);
	if (want.len == f->len && memcmp(want.data, f->data, f->len) == 0)
		status = 0;
	else if (serial_of(f) != serial)
		faults_addf(faults, FAULT_SIGNATURE, 0, MANIFEST,
		    "Its serial is %s; the next one is %s. Write it anew with "
		    "docket policy propose.", num_text(is, serial_of(f)),
		    num_text(due, serial));
	else {
		name_difference(f->data, buf_str(&want), &what);
		faults_addf(faults, FAULT_SIGNATURE, 0, MANIFEST,
		    "It is not that of the files as they are: %s. Write it "
		    "anew with docket policy propose.", buf_str(&what));
	}
	buf_free(&want);
	buf_free(&what);
	return status;
}

struct counting {
	const struct rules	*force;
	const struct settings	*settings;
	const struct rules_file	*manifest;
	int64_t			 at;
	struct signer		 by[SIGNERS_MOST];
	unsigned		 n;
	struct buf		 why;	/* of those that do not count */
};

static bool
is_new(const struct counting *c, const char *who)
{
	unsigned i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->by[i].who, who) == 0)
			return false;
	return true;
}

static void
count_one(struct counting *c, const struct rules_file *f)
{
	const struct reviewer *r;
	struct signature g;
	struct signer by;

	buf_putf(&c->why, " %s: ", f->path + strlen(MANIFEST) + 1);
	if (signature_parse(&g, f->data, f->len) != 0) {
		buf_puts(&c->why, "it is no signature.");
		return;
	}
	if (strcmp(g.name_space, NAMESPACE) != 0)
		buf_puts(&c->why, "it was not made for " NAMESPACE ".");
	else if (sshsig_verify(c->force, c->settings->revocations, &g,
	    c->manifest->data, c->manifest->len, c->at, &by, &c->why) == 1) {
		r = settings_reviewer_named(c->settings, by.who);
		if (r == NULL || !reviewer_in(r, c->settings->rules_group))
			buf_putf(&c->why, "%s does not decide on the rules.",
			    by.who);
		else if (!is_new(c, by.who) || c->n == SIGNERS_MOST)
			buf_putf(&c->why, "%s is counted already.", by.who);
		else {
			c->by[c->n++] = by;
			buf_puts(&c->why, "good.");
		}
	}
	signature_free(&g);
}

static void
refuse(const struct counting *c, struct faults *faults)
{
	const char *group = c->settings->rules_group;

	faults_addf(faults, FAULT_SIGNATURE, 0, MANIFEST,
	    "A change of the rules needs %u signatures%s%s, and %u count:%s",
	    c->settings->rules_quorum, *group == '\0' ? "" : " of group ",
	    group, c->n, c->why.len > 0 ? buf_str(&c->why) : " make them with "
	    "ssh-keygen -Y sign -n " NAMESPACE " -f KEY " MANIFEST ", and name "
	    "each " MANIFEST ".NAME.sig.");
}

int
manifest_check(const struct rules *force, const struct settings *s,
    const struct rules *new, int64_t at, struct ruling *r,
    struct faults *faults)
{
	struct counting c = { .force = force, .settings = s, .at = at,
	    .manifest = rules_get(new, MANIFEST) };
	const struct rules_file *f;
	unsigned i;
	int status = -1;

	if (manifest_serial(new) < manifest_serial(force)) {
		/* also while no signatures are asked for: those of before
		 * would come to life again */
		faults_add(faults, FAULT_SIGNATURE, 0, MANIFEST, "Its serial "
		    "never falls: leave the file as it is, or write the next "
		    "one with docket policy propose.");
		return -1;
	}
	if (s->rules_quorum == 0)
		return 0;
	if (c.manifest == NULL) {
		faults_add(faults, FAULT_SIGNATURE, 0, MANIFEST, "A change of "
		    "the rules must be signed: write " MANIFEST " with docket "
		    "policy propose.");
		return -1;
	}
	if (check_text(c.manifest, force, s, new, faults) != 0)
		return -1;
	for (f = new->files; f < new->files + new->n; f++)
		if (rules_is_signature(f->path))
			count_one(&c, f);
	if (c.n < s->rules_quorum)
		refuse(&c, faults);
	else
		status = 0;
	for (i = 0; status == 0 && r != NULL && i < c.n; i++)
		ruling_decider(r, c.by[i].who, EVIDENCE_SIGNATURE, -1,
		    c.by[i].key);
	buf_free(&c.why);
	return status;
}
