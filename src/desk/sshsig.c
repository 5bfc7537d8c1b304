/*
 * sshsig: SSH signatures, by ssh-keygen.
 *
 * The program reads its files through /proc/PID/fd of ours, from memory:
 * nothing of it is on disk, and nobody else can change it meanwhile.
 *
 * May not: know what is decided by a signature.
 * A fault of the signer: a signature that is not good.
 * The operator's: a file of rules, or ssh-keygen itself.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "map.h"
#include "spawn.h"
#include "text.h"

#include "fault.h"
#include "sshsig.h"

#define SIGNERS "allowed_signers"
#define REVOKED "revoked_keys"

/* How long a call may take (an agent or a hardware key may ask its owner),
 * and how much it may say. */
#define VERIFY_MS 10000
#define SIGN_MS 120000
#define SAYS_MOST 65536

/* Bytes as a file that only we and our children see. */
struct memory {
	int	fd;
	char	path[64];
};

static int
memory_open(struct memory *m, const void *p, size_t n)
{
	m->fd = memfd_create("docket", MFD_CLOEXEC);
	if (m->fd < 0)
		return -1;
	snprintf(m->path, sizeof(m->path), "/proc/%ld/fd/%d", (long)getpid(),
	    m->fd);
	if (fs_write(m->fd, p, n) == 0 && lseek(m->fd, 0, SEEK_SET) == 0)
		return 0;
	close(m->fd);
	m->fd = -1;
	return -1;
}

static void
memory_close(struct memory *m)
{
	if (m->fd >= 0)
		close(m->fd);
}

/* Running it. */

struct verifying {
	struct memory	 signers, revoked, signature, bytes;
	bool		 revokes;
	char		 time[64];
	struct buf	 says;
	bool		 late;		/* it was killed for that */
};

static void
verifying_close(struct verifying *v)
{
	memory_close(&v->signers);
	memory_close(&v->revoked);
	memory_close(&v->signature);
	memory_close(&v->bytes);
	buf_free(&v->says);
}

/* What ssh-keygen says before all else to a user whom the machine has no name
 * for, as it may be in a container; it does nothing then. */
#define NAMELESS "No user exists for uid"

/* Runs ssh-keygen.  1: it ended well; 0: not; -1: it could not be run, or
 * did not come to its end by itself, or does nothing for this user. */
static int
run(struct verifying *v, const char *const argv[], int fd)
{
	int status;

	buf_clear(&v->says);
	if (spawn_capture(argv, fd, &v->says, SAYS_MOST, VERIFY_MS, &status) !=
	    0) {
		v->late = errno == ETIMEDOUT;
		return -1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127 ||
	    (WEXITSTATUS(status) != 0 && strncmp(buf_str(&v->says), NAMELESS,
	    strlen(NAMELESS)) == 0))
		return -1;
	return WEXITSTATUS(status) == 0;
}

static void
explain_run(const struct verifying *v, struct buf *why)
{
	if (strncmp(buf_str(&v->says), NAMELESS, strlen(NAMELESS)) == 0)
		buf_putf(why, "ssh-keygen does nothing for a user without a "
		    "name: this machine has none for uid %lu.",
		    (unsigned long)getuid());
	else if (v->late)
		buf_putf(why, "ssh-keygen has not ended within %d seconds.",
		    VERIFY_MS / 1000);
	else
		buf_puts(why, "ssh-keygen cannot be run.");
}

/* Rules. */

static bool
is_blank_text(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isspace((unsigned char)p[i]))
			return false;
	return true;
}

static const char *
signers_fault(const struct rules_file *signers)
{
	if (signers == NULL || is_blank_text(signers->data, signers->len))
		return "This desk has no " SIGNERS ", so that no signature can "
		    "be verified.";
	return NULL;
}

static const char *
revoked_fault(const struct rules_file *revoked, bool asked)
{
	if (revoked == NULL)
		return asked ? "The policy asks for " REVOKED ", and it is not "
		    "there." : NULL;
	if (is_blank_text(revoked->data, revoked->len))
		return "The file " REVOKED " is empty, which would revoke "
		    "nothing whatever was meant.";
	return NULL;
}

/* A public key as RFC 4253, 6.6 has it begins with the name of its type. */
static bool
is_key(const char *type, const char *key, size_t n)
{
	struct buf blob = BUF_INIT;
	size_t len = strlen(type);
	bool is;

	is = hash_unbase64(&blob, key, n) == 0 && blob.len > 4 + len &&
	    (unsigned char)blob.data[3] == len &&
	    memcmp(blob.data + 4, type, len) == 0;
	buf_free(&blob);
	return is;
}

/* Past blanks, and a word in which blanks may stand in quotes. */
static const char *
next_word(const char **at, size_t *n)
{
	const char *start = *at + strspn(*at, " \t"), *p;
	bool quoted = false;

	for (p = start; *p != '\0' && (quoted || (*p != ' ' && *p != '\t'));
	    p++)
		quoted ^= *p == '"';
	*n = (size_t)(p - start);
	*at = p;
	return start;
}

/* ALLOWED SIGNERS in ssh-keygen(1): principals, options, type, key.  The key
 * on a line, with its type; of an authority that certifies others, and where
 * there is none, nothing.  -1: it is not such a line. */
static int
read_signer_line(const char *line, struct buf *found)
{
	char type[64];
	const char *word, *key;
	unsigned words = 0;
	bool authority = false;
	size_t n, len;

	while ((word = next_word(&line, &n)), n > 0 && words < 3) {
		if (words++ == 0)
			continue;
		authority |= memmem(word, n, "cert-authority", 14) != NULL;
		if (n >= sizeof(type))
			continue;
		memcpy(type, word, n);
		type[n] = '\0';
		key = next_word(&line, &len);
		if (is_key(type, key, len)) {
			if (!authority)
				buf_put(found, word, (size_t)(key - word) +
				    len);
			return 0;
		}
		line = word + n;
	}
	return -1;
}

static bool
same_principals(const char *a, const char *b)
{
	size_t n, m;

	a = next_word(&a, &n);
	b = next_word(&b, &m);
	return n == m && memcmp(a, b, n) == 0;
}

/* A key on two lines would be that of whoever comes first. */
static void
check_signer(char *line, long n, struct map *keys,
    struct faults *faults)
{
	struct buf key = BUF_INIT;
	const char *other;

	if (read_signer_line(line, &key) != 0)
		faults_add(faults, FAULT_INVALID, n, SIGNERS,
		    "A name, options if any, a type of key and a "
		    "public key were expected.");
	else if (key.len > 0) {
		other = map_put(keys, buf_str(&key), line);
		if (other != NULL && !same_principals(line, other))
			faults_add(faults, FAULT_INVALID, n, SIGNERS,
			    "The same key is that of somebody else on a line "
			    "before, and would not tell who signed.");
	}
	buf_free(&key);
}

static bool
is_remark(const char *line)
{
	line += strspn(line, " \t");
	return *line == '\0' || *line == '#';
}

static void
check_signers(const struct rules_file *f, struct faults *faults)
{
	char *text = mem_strn(f->data, f->len), *at = text, *line;
	struct map keys = MAP_INIT;
	long n = 0;

	while ((line = strsep(&at, "\n")) != NULL) {
		n++;
		line[strcspn(line, "\r")] = '\0';
		if (!is_remark(line))
			check_signer(line, n, &keys, faults);
	}
	map_free(&keys);
	free(text);
}

/* With a list that ssh-keygen cannot read no signature is good any more, and
 * it would not say why. */
static void
check_revoked(const struct rules_file *f, struct faults *faults)
{
	char *text = mem_strn(f->data, f->len), *at = text, *line;
	char type[64];
	const char *word;
	long number = 0;
	size_t n;

	while ((line = strsep(&at, "\n")) != NULL) {
		number++;
		line[strcspn(line, "\r")] = '\0';
		if (is_remark(line))
			continue;
		word = line;
		word = next_word(&word, &n);
		snprintf(type, sizeof(type), "%.*s", (int)n, word);
		word += n;
		word = next_word(&word, &n);
		if (!is_key(type, word, n))
			faults_add(faults, FAULT_INVALID, number, REVOKED,
			    "A type of key and a public key were expected, or "
			    "a file that ssh-keygen -k made.");
	}
	free(text);
}

static bool
is_krl(const struct rules_file *f)
{
	return f->len >= 8 && memcmp(f->data, "SSHKRL\n\0", 8) == 0;
}

/* ssh-keygen -Q reads all of it. */
static void
check_krl(const struct rules_file *f, struct faults *faults)
{
	struct verifying v = { .signers = { -1, "" }, .signature = { -1, "" },
	    .bytes = { -1, "" } };
	const char *argv[] = { "ssh-keygen", "-Q", "-l", "-f",
	    v.revoked.path, NULL };
	int good = memory_open(&v.revoked, f->data, f->len);

	if (good == 0)
		good = run(&v, argv, -1);
	if (good != 1)
		faults_add(faults, FAULT_INVALID, 0, REVOKED, good < 0 ?
		    "ssh-keygen cannot be run, and nobody can tell whether it "
		    "is whole." : "It is damaged: ssh-keygen -Q cannot read "
		    "it.");
	verifying_close(&v);
}

/* Looking into them. */

/* "20261231", "202612312359", "20261231235959", Z for UTC. */
static int64_t
signer_time(const char *p, size_t n)
{
	struct tm tm = { .tm_isdst = -1 };
	char text[32];

	snprintf(text, sizeof(text), "%.*s", (int)(n > 31 ? 31 : n), p);
	if (sscanf(text, "%4d%2d%2d%2d%2d%2d", &tm.tm_year, &tm.tm_mon,
	    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) < 3)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)(strchr(text, 'Z') != NULL ? timegm(&tm) :
	    mktime(&tm));
}

/* The value of name="…" in a word of options; NULL: it is not there. */
static const char *
option_value(const char *word, size_t n, const char *name, size_t *len)
{
	const char *at = memmem(word, n, name, strlen(name)), *end;

	if (at == NULL)
		return NULL;
	at += strlen(name);
	at += at < word + n && *at == '"';
	for (end = at; end < word + n && *end != '"' && *end != ','; end++)
		;
	*len = (size_t)(end - at);
	return at;
}

static void
read_options(const char *word, size_t n, struct signer_line *l)
{
	const char *at;
	size_t len;

	l->authority |= memmem(word, n, "cert-authority", 14) != NULL;
	if ((at = option_value(word, n, "valid-after=", &len)) != NULL)
		l->after = signer_time(at, len);
	if ((at = option_value(word, n, "valid-before=", &len)) != NULL)
		l->before = signer_time(at, len);
	at = memmem(word, n, "namespaces=\"", 12);
	if (at == NULL)
		return;
	at += 12;
	len = strcspn(at, "\"");
	snprintf(l->namespaces, sizeof(l->namespaces), "%.*s", (int)len, at);
}

static int
read_line(const char *line, struct signer_line *l)
{
	char type[64];
	const char *word, *key;
	size_t n, len;
	unsigned words;

	for (words = 0; words < 3; words++) {
		word = next_word(&line, &n);
		if (n == 0)
			return -1;
		if (words == 0) {
			snprintf(l->principals, sizeof(l->principals),
			    "%.*s", (int)n, word);
			continue;
		}
		key = line;
		key = next_word(&key, &len);
		snprintf(type, sizeof(type), "%.*s", (int)(n > 63 ? 63 : n),
		    word);
		if (is_key(type, key, len)) {
			buf_put(&l->key, word, (size_t)(key - word) + len);
			return 0;
		}
		read_options(word, n, l);
	}
	return -1;
}

int
sshsig_each_signer(const struct rules *rules, sshsig_signer_fn *fn, void *arg)
{
	const struct rules_file *f = rules_get(rules, SIGNERS);
	char *text = f == NULL ? NULL : mem_strn(f->data, f->len), *at = text;
	struct signer_line l;
	char *line;
	long number = 0;
	int status = 0;

	while (status == 0 && (line = strsep(&at, "\n")) != NULL) {
		number++;
		line[strcspn(line, "\r")] = '\0';
		if (is_remark(line))
			continue;
		l = (struct signer_line){ .line = number, .key = BUF_INIT };
		if (read_line(line, &l) == 0)
			status = fn(arg, &l);
		buf_free(&l.key);
	}
	free(text);
	return status;
}

int
sshsig_is_revoked(const struct rules *rules, const char *key)
{
	const struct rules_file *revoked = rules_get(rules, REVOKED);
	struct verifying v = { .signers = { -1, "" }, .revoked = { -1, "" },
	    .signature = { -1, "" }, .bytes = { -1, "" } };
	const char *argv[] = { "ssh-keygen", "-Q", "-f", v.revoked.path,
	    v.bytes.path, NULL };
	int good = -1;

	if (revoked == NULL)
		return 0;
	if (memory_open(&v.revoked, revoked->data, revoked->len) == 0 &&
	    memory_open(&v.bytes, key, strlen(key)) == 0)
		good = run(&v, argv, -1);
	if (good == 0 && strstr(buf_str(&v.says), "REVOKED") == NULL)
		good = -1;
	verifying_close(&v);
	return good < 0 ? -1 : good == 0;
}

void
sshsig_check_rules(const struct rules *rules, bool revocations,
    struct faults *faults)
{
	const struct rules_file *signers = rules_get(rules, SIGNERS);
	const struct rules_file *revoked = rules_get(rules, REVOKED);

	if (signers != NULL)
		check_signers(signers, faults);
	if (revoked == NULL && revocations)
		faults_add(faults, FAULT_INVALID, 0, REVOKED,
		    "[review] revocations = true asks for it, and it is not "
		    "there: ssh-keygen -k -f " REVOKED " makes one that "
		    "revokes nothing.");
	else if (revoked_fault(revoked, false) != NULL)
		faults_add(faults, FAULT_INVALID, 0, REVOKED,
		    "It is empty: ssh-keygen -k -f " REVOKED " makes one that "
		    "revokes nothing.");
	else if (revoked != NULL && is_krl(revoked))
		check_krl(revoked, faults);
	else if (revoked != NULL)
		check_revoked(revoked, faults);
}

/* Verifying. */

static int
verifying_open(struct verifying *v, const struct rules_file *signers,
    const struct rules_file *revoked, const struct signature *g,
    const void *bytes, size_t n, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	*v = (struct verifying){ { -1, "" }, { -1, "" }, { -1, "" },
	    { -1, "" }, .revokes = revoked != NULL };
	gmtime_r(&t, &tm);
	strftime(v->time, sizeof(v->time), "-Overify-time=%Y%m%d%H%M%SZ", &tm);
	if (memory_open(&v->signers, signers->data, signers->len) != 0 ||
	    memory_open(&v->signature, g->text, strlen(g->text)) != 0 ||
	    memory_open(&v->bytes, bytes, n) != 0)
		return -1;
	return revoked == NULL ? 0 :
	    memory_open(&v->revoked, revoked->data, revoked->len);
}

/* What ssh-keygen says first, by the name that people know the file by. */
static void
first_said(const struct verifying *v, struct buf *out)
{
	const char *says = buf_str(&v->says);
	size_t n = strcspn(says, "\r\n"), skip = strlen(v->signers.path);

	if (strncmp(says, v->signers.path, skip) == 0) {
		buf_puts(out, SIGNERS);
		says += skip;
		n -= skip;
	}
	text_line(out, says, n, 200);
}

/* The first principal that it names; what it says of lines of the signers
 * that do not fit goes before.  More: whether others follow. */
static const char *
first_principal(const struct verifying *v, size_t *n, bool *more)
{
	const char *p = buf_str(&v->says);
	size_t skip = strlen(v->signers.path);

	while (strncmp(p, v->signers.path, skip) == 0) {
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	*n = strcspn(p, "\r\n");
	*more = p[*n + strspn(p + *n, "\r\n")] != '\0' ||
	    memchr(p, ',', *n) != NULL;
	return p;
}

static int
take_principal(const struct verifying *v, struct signer *by, struct buf *why)
{
	size_t n;
	bool more;
	const char *name = first_principal(v, &n, &more);

	if (n == 0 || n >= sizeof(by->who) || more) {
		buf_puts(why, "The key is of several principals in " SIGNERS
		    ", and does not tell who signed.");
		return 0;
	}
	memcpy(by->who, name, n);
	by->who[n] = '\0';
	if (paper_who_valid(by->who))
		return 1;
	buf_puts(why, "The key's principal in " SIGNERS " is not a name of a "
	    "reviewer.");
	return 0;
}

/* The one principal whom the key belongs to. */
static int
find_principal(struct verifying *v, struct signer *by, struct buf *why)
{
	const char *const argv[] = { "ssh-keygen", "-Y", "find-principals",
	    "-f", v->signers.path, "-s", v->signature.path, v->time, NULL };
	int found = run(v, argv, -1);

	if (found == 1)
		return take_principal(v, by, why);
	if (found < 0) {
		explain_run(v, why);
		return -1;
	}
	buf_puts(why, "The key is nobody's in " SIGNERS ", or not at this "
	    "time (");
	first_said(v, why);
	buf_puts(why, ").");
	return 0;
}

/* ssh-keygen does not tell a revoked key from a wrong signature. */
static void
explain(struct verifying *v, const char **argv, struct buf *why)
{
	struct buf first = BUF_INIT;

	first_said(v, &first);
	argv[12] = NULL;
	if (v->revokes && lseek(v->bytes.fd, 0, SEEK_SET) == 0 &&
	    run(v, argv, v->bytes.fd) == 1)
		buf_puts(why, "The key is revoked (" REVOKED ").");
	else
		buf_putf(why, "The signature is not good over this paper: "
		    "%s.", buf_str(&first));
	buf_free(&first);
}

static int
verify(struct verifying *v, const struct signature *g, struct signer *by,
    struct buf *why)
{
	const char *argv[16] = { "ssh-keygen", "-Y", "verify", "-f",
	    v->signers.path, "-I", by->who, "-n", g->name_space, "-s",
	    v->signature.path, v->time };
	const char *key;
	int good;
	size_t n;

	if (v->revokes) {
		argv[12] = "-r";
		argv[13] = v->revoked.path;
	}
	good = run(v, argv, v->bytes.fd);
	if (good < 0) {
		explain_run(v, why);
		return -1;
	}
	key = strstr(buf_str(&v->says), "SHA256:");
	n = key == NULL ? 0 : strcspn(key, " \r\n\"");
	if (good == 1 && key != NULL && n < sizeof(by->key)) {
		memcpy(by->key, key, n);
		by->key[n] = '\0';
		return 1;
	}
	explain(v, argv, why);
	return 0;
}

int
sshsig_verify(const struct rules *rules, bool revocations,
    const struct signature *g, const void *bytes, size_t n, int64_t at,
    struct signer *by, struct buf *why)
{
	const struct rules_file *signers = rules_get(rules, SIGNERS);
	const struct rules_file *revoked = rules_get(rules, REVOKED);
	const char *fault = signers_fault(signers);
	struct verifying v;
	int good;

	if (fault == NULL)
		fault = revoked_fault(revoked, revocations);
	if (fault != NULL) {
		buf_puts(why, fault);
		return 0;
	}
	if (verifying_open(&v, signers, revoked, g, bytes, n, at) != 0) {
		buf_puts(why, "The desk is out of memory or descriptors.");
		good = -1;
	} else {
		good = find_principal(&v, by, why);
		if (good == 1)
			good = verify(&v, g, by, why);
	}
	verifying_close(&v);
	return good;
}

/* Signing. */

int
sshsig_sign(const char *keyfile, const char *name_space, const void *bytes,
    size_t n, struct buf *sig, struct buf *why)
{
	const char *const argv[] = { "ssh-keygen", "-Y", "sign", "-f", keyfile,
	    "-n", name_space, NULL };
	struct buf says = BUF_INIT;
	struct signature g;
	struct memory m;
	int status = -1, ended;
	const char *at;

	if (memory_open(&m, bytes, n) == 0 && spawn_capture(argv, m.fd, &says,
	    SAYS_MOST, SIGN_MS, &ended) == 0) {
		at = strstr(buf_str(&says), "-----BEGIN");
		if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0 && at != NULL &&
		    signature_parse(&g, at, strlen(at)) == 0) {
			buf_puts(sig, g.text);
			signature_free(&g);
			status = 0;
		}
	}
	if (status != 0) {
		buf_puts(why, "ssh-keygen cannot sign with that key: ");
		text_line(why, buf_str(&says), says.len, 300);
	}
	memory_close(&m);
	buf_free(&says);
	return status;
}
