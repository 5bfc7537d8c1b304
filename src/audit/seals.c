/*
 * seals: signatures, proven by threads while the replay goes on, each once.
 *
 * What is said by ssh-keygen of a signature over some bytes depends on
 * allowed_signers and revoked_keys, and on the time only where these bound
 * keys in time: that is what results are kept under.
 *
 * Rules are lent to the threads: who changes them calls seals_finish() first.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "log.h"

#include "auditing.h"

#define THREADS 64

/* Signatures in hand. */
#define MOST 256

struct seal {
	struct seal	*next;
	size_t		 at;		/* the first commit that shows it */
	const struct rules *rules;	/* lent */
	bool		 revocations;
	int64_t		 time;
	struct signature signature;
	struct buf	 bytes;
	char		*who, *key;	/* expected; NULL: only asked */
	/* what was found */
	bool		 done;
	int		 good;
	struct signer	 by;
	struct buf	 why;
};

struct seals {
	pthread_t	 threads[THREADS];
	unsigned	 n_threads;
	pthread_mutex_t	 lock;
	pthread_cond_t	 some, ended;
	struct seal	*waiting, **last;
	struct seal	*proven;	/* and not looked at */
	size_t		 in_hand;
	bool		 closing;
	struct map	 known;		/* digest -> struct seal */
};

static void *
run(void *arg)
{
	struct seals *s = arg;
	struct seal *seal;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->waiting == NULL && !s->closing)
			pthread_cond_wait(&s->some, &s->lock);
		if (s->closing)
			break;
		seal = s->waiting;
		s->waiting = seal->next;
		if (s->waiting == NULL)
			s->last = &s->waiting;
		pthread_mutex_unlock(&s->lock);
		seal->good = sshsig_verify(seal->rules, seal->revocations,
		    &seal->signature, buf_str(&seal->bytes), seal->bytes.len,
		    seal->time, &seal->by, &seal->why);
		pthread_mutex_lock(&s->lock);
		seal->next = s->proven;
		s->proven = seal;
		pthread_cond_signal(&s->ended);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct seals *
seals_open(unsigned threads)
{
	struct seals *s = mem_alloc(sizeof(*s));

	s->last = &s->waiting;
	s->n_threads = threads < THREADS ? threads : THREADS;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->some, NULL);
	pthread_cond_init(&s->ended, NULL);
	return s;
}

/* Threads are started when there is something to prove. */
static void
start(struct seals *s)
{
	unsigned i;

	if (map_count(&s->known) > 0)
		return;
	for (i = 0; i < s->n_threads; i++)
		if (pthread_create(&s->threads[i], NULL, run, s) != 0)
			fatal("a thread cannot be started");
}

static void
seal_free(struct seal *seal)
{
	signature_free(&seal->signature);
	buf_free(&seal->bytes);
	buf_free(&seal->why);
	free(seal->who);
	free(seal->key);
	free(seal);
}

void
seals_close(struct seals *s)
{
	const struct map_entry *e;
	size_t at = 0;
	unsigned i;

	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_broadcast(&s->some);
	pthread_mutex_unlock(&s->lock);
	if (map_count(&s->known) > 0)
		for (i = 0; i < s->n_threads; i++)
			pthread_join(s->threads[i], NULL);
	while ((e = map_next(&s->known, &at)) != NULL)
		seal_free(e->value);
	map_free(&s->known);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->some);
	pthread_cond_destroy(&s->ended);
	free(s);
}

/* Whether the rules say of some key when it is good. */
static bool
is_timed(const struct rules_file *signers)
{
	static const char *const words[] = { "valid-after", "valid-before",
	    "cert-authority" };
	size_t i;

	for (i = 0; signers != NULL && i < 3; i++)
		if (memmem(signers->data, signers->len, words[i],
		    strlen(words[i])) != NULL)
			return true;
	return false;
}

static void
put_digest(struct buf *out, const void *p, size_t n)
{
	char hex[SHA256_HEX];

	buf_putf(out, "%s ", hash_sha256(hex, n == 0 ? "" : p, n));
}

static void
put_rules(struct buf *out, const struct rules *rules, const char *name)
{
	const struct rules_file *f = rules_get(rules, name);

	if (f == NULL)
		buf_puts(out, "- ");
	else
		put_digest(out, f->data, f->len);
}

static char *
digest_of(const struct auditing *a, const struct signature *g,
    const struct buf *bytes, int64_t time)
{
	const struct rules_file *signers = rules_get(&a->rules,
	    "allowed_signers");
	char hex[SHA256_HEX];
	struct buf all = BUF_INIT;

	put_digest(&all, g->text, strlen(g->text));
	put_digest(&all, bytes->data, bytes->len);
	put_rules(&all, &a->rules, "allowed_signers");
	put_rules(&all, &a->rules, "revoked_keys");
	buf_putf(&all, "%d %lld", a->settings.revocations,
	    is_timed(signers) ? (long long)time : 0LL);
	hash_sha256(hex, all.data, all.len);
	buf_free(&all);
	return mem_str(hex);
}

static int
cannot_prove(struct auditing *a, const struct seal *seal, const char *who)
{
	return audit_trouble(a, "the signature of %s cannot be proven here: %s",
	    who, buf_str(&seal->why));
}

/* What was found, against what was expected. */
static void
look_at(struct auditing *a, struct seal *seal)
{
	const char *why = buf_str(&seal->why);

	seal->done = true;
	buf_free(&seal->bytes);
	signature_free(&seal->signature);
	a->report->signatures++;
	if (seal->who == NULL)
		return;
	if (seal->good < 0)
		cannot_prove(a, seal, seal->who);
	else if (seal->good == 0)
		audit_wrong_at(a, seal->at, "the signature of %s does not "
		    "hold: %s", seal->who, why);
	else if (strcmp(seal->by.who, seal->who) != 0)
		audit_wrong_at(a, seal->at, "the signature is that of %s, and "
		    "not of %s", seal->by.who, seal->who);
	else if (strcmp(seal->by.key, seal->key) != 0)
		audit_wrong_at(a, seal->at, "%s signed with the key %s, and "
		    "not %s", seal->who, seal->by.key, seal->key);
}

/* With the lock held. */
static void
collect(struct auditing *a)
{
	struct seals *s = a->seals;
	struct seal *seal;

	while ((seal = s->proven) != NULL) {
		s->proven = seal->next;
		s->in_hand--;
		look_at(a, seal);
	}
}

static void
wait_until(struct auditing *a, size_t most)
{
	struct seals *s = a->seals;

	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	collect(a);
	while (s->in_hand > most) {
		pthread_cond_wait(&s->ended, &s->lock);
		collect(a);
	}
	pthread_mutex_unlock(&s->lock);
}

void
seals_go_on(struct auditing *a)
{
	if (a->seals->in_hand > 0)
		wait_until(a, MOST);
}

void
seals_finish(struct auditing *a)
{
	wait_until(a, 0);
}

/* The one for this signature, which is put in hand if it is new. */
static struct seal *
find(struct auditing *a, const struct signature *g, const struct buf *bytes,
    const char *who, const char *key)
{
	struct seals *s = a->seals;
	char *digest = digest_of(a, g, bytes, a->now);
	struct seal *seal = map_get(&s->known, digest);

	if (seal == NULL) {
		start(s);
		seal = mem_alloc(sizeof(*seal));
		seal->at = a->at;
		seal->rules = &a->rules;
		seal->revocations = a->settings.revocations;
		seal->time = a->now;
		seal->signature.text = mem_str(g->text);
		strcpy(seal->signature.name_space, g->name_space);
		buf_put(&seal->bytes, bytes->data, bytes->len);
		seal->who = mem_str(who);
		seal->key = mem_str(key);
		map_put(&s->known, digest, seal);
		pthread_mutex_lock(&s->lock);
		*s->last = seal;
		s->last = &seal->next;
		s->in_hand++;
		pthread_cond_signal(&s->some);
		pthread_mutex_unlock(&s->lock);
	}
	free(digest);
	return seal;
}

void
seals_expect(struct auditing *a, const struct signature *g,
    const struct buf *bytes, const char *who, const char *key)
{
	struct seal *seal = find(a, g, bytes, who, key);

	/* shown before: by another commit, or one that was not proven */
	if (seal->at == a->at && seal->who != NULL)
		return;
	while (!seal->done)
		wait_until(a, 0);
	if (seal->good < 0)
		cannot_prove(a, seal, who);
	else if (seal->good == 0 || strcmp(seal->by.who, who) != 0 ||
	    strcmp(seal->by.key, key) != 0)
		audit_wrong(a, "the signature of %s does not hold: %s", who,
		    seal->good == 1 ? "it is of another, or by another key" :
		    buf_str(&seal->why));
}

bool
seals_ask(struct auditing *a, const struct signature *g,
    const struct buf *bytes, const char *who)
{
	struct seal *seal = find(a, g, bytes, NULL, NULL);

	/* in hand: if it is not as expected, an earlier commit is wrong */
	if (!seal->done && seal->who != NULL)
		return strcmp(seal->who, who) == 0;
	while (!seal->done)
		wait_until(a, 0);
	if (seal->good < 0)
		cannot_prove(a, seal, who);
	return seal->good == 1 && strcmp(seal->by.who, who) == 0;
}
