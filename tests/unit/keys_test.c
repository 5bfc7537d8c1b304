/*
 * keys_test: keys that are encrypted to their client, by age itself; and what
 * a crash leaves of them.
 */
#include "unit.h"

#include "clock.h"
#include "fs.h"
#include "spawn.h"

#include "casefile.h"
#include "keys.h"
#include "token.h"

static struct desk desk;
static struct index *idx;
static struct settings settings;
static char outbox[300], own[300], identity[320], ssh_identity[320];
static char age_recipient[200], ssh_recipient[400];
static const char *recipient;		/* of every client; NULL: none */
static unsigned cases;

/* What keys has others do. */

static int
open_folder(void *arg, const char *name)
{
	char path[400];

	(void)arg;
	snprintf(path, sizeof(path), "%s/%s", outbox, name);
	mkdir(path, 0700);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
recipient_of(void *arg, const char *client, char **to)
{
	(void)arg;
	assert_string_equal(client, "acme");
	if (recipient == NULL)
		return 0;
	*to = mem_str(recipient);
	return 1;
}

static void
on_changed(void *arg, const char *box)
{
	(void)arg;
	assert_string_equal(box, "");
}

static struct keys *
open_keys(void)
{
	static const struct keys_ops ops = { open_folder, recipient_of,
	    on_changed, NULL };
	struct keys *k = keys_open(&desk, &settings, idx, &ops);

	assert_non_null(k);
	return k;
}

/* Until nothing is on its way any more. */
static void
tend(struct keys *k)
{
	struct pollfd fds[KEYS_FDS];
	int64_t left;

	for (;;) {
		assert_int_equal(keys_tend(k), 0);
		if (!keys_are_busy(k))
			break;
		left = keys_due(k) - clock_ticks();
		poll(fds, keys_poll(k, fds), left < 0 ? 0 : (int)left);
	}
}

/* The same, whatever was not possible before. */
static void
tend_anew(struct keys *k)
{
	keys_look(k);
	tend(k);
}

/* Cases. */

static void
apply(struct ruling *r, enum event event)
{
	static unsigned commits;
	const struct transition *t = state_next(event == EVENT_RECEIVE ?
	    STATE_NONE : event == EVENT_APPROVE ? STATE_PENDING :
	    STATE_APPROVED, REQUEST_NONE, event);

	r->event = event;
	r->from = t->from;
	r->to = t->to;
	r->revision = 1;
	r->form = mem_str("{u}f");
	snprintf(r->commit, sizeof(r->commit), "%040u", ++commits);
	assert_int_equal(index_begin(idx), 0);
	assert_int_equal(index_apply(idx, r), 0);
	assert_int_equal(index_commit(idx), 0);
}

static void
receive(const char *number)
{
	struct ruling r;

	ruling_init(&r);
	strcpy(r.number, number);
	r.box = mem_str("");
	r.facts.client = mem_str("acme");
	apply(&r, EVENT_RECEIVE);
	ruling_free(&r);
}

static void
approve(struct keys *k, const char *number, const char *sha256)
{
	struct ruling r;

	ruling_init(&r);
	strcpy(r.number, number);
	strcpy(r.key, sha256);
	strcpy(r.checked, "2027-01-01");
	r.key_revision = 1;
	apply(&r, EVENT_APPROVE);
	if (k != NULL)
		keys_moved(k, &r);
	ruling_free(&r);
}

static void
end_case(struct keys *k, const char *number)
{
	struct ruling r;

	ruling_init(&r);
	strcpy(r.number, number);
	apply(&r, EVENT_REVOKE);
	keys_moved(k, &r);
	ruling_free(&r);
}

/* A case with a key that is made and synced. */
static void
make(struct keys *k, char number[NUMBER_TEXT], char sha256[SHA256_HEX])
{
	number_make(number, "AK", ++cases);
	receive(number);
	assert_int_equal(keys_make(k, number, 1, sha256), 0);
	assert_int_equal(keys_sync(k), 0);
}

/* Files. */

/* The plain key. */
static bool
is_there(const char *dir, const char *number)
{
	char path[500];

	snprintf(path, sizeof(path), "%s/%s.key", dir, number);
	return access(path, F_OK) == 0;
}

static size_t
staged(void)
{
	char path[400];
	size_t n = 0;
	DIR *list;

	snprintf(path, sizeof(path), "%s/keys", own);
	list = opendir(path);
	assert_non_null(list);
	while (fs_list_next(list) != NULL)
		n++;
	closedir(list);
	return n;
}

/* What is delivered, decrypted, has this digest. */
static void
assert_delivered(const char *number, const char *sha256, const char *with)
{
	char path[400], hex[SHA256_HEX];
	const char *const argv[] = { "age", "-d", "-i", with, path, NULL };
	struct buf out = BUF_INIT;
	int status;

	snprintf(path, sizeof(path), "%s/acme/%s.key.age", outbox, number);
	assert_int_equal(spawn_capture(argv, -1, &out, 4096, 10000, &status),
	    0);
	assert_int_equal(status, 0);
	assert_int_equal(out.len, TOKEN_LENGTH + 1);
	assert_int_equal(token_check(out.data, TOKEN_LENGTH), TOKEN_GOOD);
	assert_string_equal(hash_sha256(hex, out.data, TOKEN_LENGTH), sha256);
	snprintf(path, sizeof(path), "%s/acme", outbox);
	assert_false(is_there(path, number));
	assert_int_equal(staged(), 0);
	buf_free(&out);
}

static void
deliver_to(const char *to, const char *with)
{
	char number[NUMBER_TEXT], sha256[SHA256_HEX];
	struct keys *k = open_keys();

	recipient = to;
	make(k, number, sha256);
	/* not before it is committed */
	tend_anew(k);
	assert_int_equal(staged(), 1);
	approve(k, number, sha256);
	tend(k);
	assert_null(keys_waiting(k, number));
	assert_delivered(number, sha256, with);
	keys_close(k);
}

/* Into a folder that others may look into. */
static void
test_sealed(void **state)
{
	char path[400];

	(void)state;
	snprintf(path, sizeof(path), "%s/acme", outbox);
	mkdir(path, 0755);
	chmod(path, 0755);
	deliver_to(age_recipient, identity);
	deliver_to(ssh_recipient, ssh_identity);
}

static void
test_bad_recipient(void **state)
{
	char number[NUMBER_TEXT], sha256[SHA256_HEX];
	struct keys *k = open_keys();

	(void)state;
	recipient = "age1nonsense";
	make(k, number, sha256);
	approve(k, number, sha256);
	tend(k);
	assert_non_null(strstr(keys_waiting(k, number),
	    "age does not take the recipient of client acme: age: error: "
	    "malformed recipient"));
	assert_int_equal(map_count(&desk.notices), 1);
	/* nothing is delivered as it is because of that */
	assert_int_equal(staged(), 1);
	recipient = age_recipient;
	tend_anew(k);
	assert_null(keys_waiting(k, number));
	assert_int_equal(map_count(&desk.notices), 0);
	assert_delivered(number, sha256, identity);
	keys_close(k);
}

static void
test_no_age(void **state)
{
	char number[NUMBER_TEXT], sha256[SHA256_HEX];
	char *path = mem_str(getenv("PATH"));
	struct keys *k = open_keys();

	(void)state;
	recipient = age_recipient;
	make(k, number, sha256);
	approve(k, number, sha256);
	setenv("PATH", "/nonexistent", 1);
	tend(k);
	setenv("PATH", path, 1);
	free(path);
	assert_non_null(strstr(keys_waiting(k, number), "install it"));
	assert_int_equal(staged(), 1);
	tend_anew(k);
	assert_delivered(number, sha256, identity);
	keys_close(k);
}

/* Many: some at a time, and nobody waits for them. */
static void
test_many(void **state)
{
	char numbers[40][NUMBER_TEXT], digests[40][SHA256_HEX];
	struct keys *k = open_keys();
	size_t i;

	(void)state;
	recipient = age_recipient;
	for (i = 0; i < COUNT(numbers); i++)
		make(k, numbers[i], digests[i]);
	for (i = 0; i < COUNT(numbers); i++)
		approve(k, numbers[i], digests[i]);
	tend(k);
	for (i = 0; i < COUNT(numbers); i++)
		assert_delivered(numbers[i], digests[i], identity);
	keys_close(k);
}

/* A program called age of our own. */
static void
put_age(const char *script)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/bin/age", own);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	assert_int_equal(fchmod(fileno(f), 0755), 0);
	fclose(f);
}

/* An age that takes its time keeps nobody waiting, and its keys come when it
 * is through; a case that ends meanwhile takes its key along. */
static void
test_slow_age(void **state)
{
	char numbers[12][NUMBER_TEXT], digests[12][SHA256_HEX], fifo[400];
	char script[1000], path[5000];
	char *was = mem_str(getenv("PATH"));
	struct keys *k = open_keys();
	struct pollfd fds[KEYS_FDS];
	size_t i;
	int fd;

	(void)state;
	recipient = age_recipient;
	snprintf(fifo, sizeof(fifo), "%s/gate", own);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	snprintf(script, sizeof(script), "%s/bin", own);
	mkdir(script, 0700);
	snprintf(path, sizeof(path), "%s:%s", script, was);
	snprintf(script, sizeof(script), "read -r x <%s; PATH='%s' exec age "
	    "\"$@\"", fifo, was);
	put_age(script);
	setenv("PATH", path, 1);
	for (i = 0; i < COUNT(numbers); i++) {
		make(k, numbers[i], digests[i]);
		approve(k, numbers[i], digests[i]);
		assert_int_equal(keys_tend(k), 0);
	}
	assert_true(keys_are_busy(k));
	assert_int_equal(keys_poll(k, fds), KEYS_FDS);
	assert_true(keys_due(k) > clock_ticks());
	assert_int_equal(staged(), COUNT(numbers));
	/* one that is with age, and one that waits for it */
	end_case(k, numbers[0]);
	end_case(k, numbers[11]);
	assert_int_equal(keys_tend(k), 0);
	/* a line for each of them */
	fd = open(fifo, O_RDWR);
	assert_true(fd >= 0);
	for (i = 0; i < COUNT(numbers); i++)
		assert_int_equal(write(fd, "x\n", 2), 2);
	tend(k);
	close(fd);
	setenv("PATH", was, 1);
	free(was);
	assert_int_equal(staged(), 0);
	for (i = 1; i < 11; i++)
		assert_delivered(numbers[i], digests[i], identity);
	snprintf(path, sizeof(path), "%s/acme/%s.key.age", outbox,
	    numbers[0]);
	assert_int_equal(access(path, F_OK), -1);
	keys_close(k);
}

/* A client whose recipient is no good does not hold up the others: all of its
 * keys come to wait, without a call of age for each. */
static void
test_bad_among_good(void **state)
{
	char numbers[30][NUMBER_TEXT], digests[30][SHA256_HEX];
	struct keys *k = open_keys();
	size_t i;

	(void)state;
	recipient = "age1nonsense";
	for (i = 0; i < COUNT(numbers); i++) {
		make(k, numbers[i], digests[i]);
		approve(k, numbers[i], digests[i]);
	}
	tend(k);
	for (i = 0; i < COUNT(numbers); i++)
		assert_non_null(keys_waiting(k, numbers[i]));
	assert_int_equal(map_count(&desk.notices), 1);
	recipient = age_recipient;
	tend_anew(k);
	for (i = 0; i < COUNT(numbers); i++)
		assert_delivered(numbers[i], digests[i], identity);
	keys_close(k);
}

/* Two keys of one case: each is one of its own. */
static void
test_siblings(void **state)
{
	char number[NUMBER_TEXT], first[SHA256_HEX], second[SHA256_HEX];
	struct keys *k = open_keys();

	(void)state;
	recipient = "age1nonsense";
	make(k, number, first);
	approve(k, number, first);
	assert_int_equal(keys_make(k, number, 2, second), 0);
	assert_int_equal(keys_sync(k), 0);
	tend(k);
	assert_int_equal(staged(), 2);
	assert_non_null(keys_waiting(k, number));
	/* the second that no commit knows goes with the next start */
	keys_close(k);
	k = open_keys();
	tend(k);
	assert_int_equal(staged(), 1);
	end_case(k, number);
	tend(k);
	assert_int_equal(staged(), 0);
	assert_null(keys_waiting(k, number));
	keys_close(k);
}

/* Copies a staged file, as if a crash had left both. */
static void
copy(const char *number, const char *from, const char *to)
{
	struct buf bytes = BUF_INIT;
	char name[400];
	int dir;

	snprintf(name, sizeof(name), "%s/keys", own);
	dir = open(name, O_RDONLY | O_DIRECTORY);
	snprintf(name, sizeof(name), "%s%s", number, from);
	assert_int_equal(fs_read_file(dir, name, 4096, &bytes), 0);
	snprintf(name, sizeof(name), "%s%s", number, to);
	assert_int_equal(fs_replace(dir, name, bytes.data, bytes.len, 0600),
	    0);
	buf_free(&bytes);
	close(dir);
}

/* A key that was encrypted, and for which there is a file in the way. */
static void
make_stuck(struct keys *k, char number[NUMBER_TEXT], char sha256[SHA256_HEX])
{
	char path[500];
	FILE *f;

	make(k, number, sha256);
	copy(number, ".key", ".saved");
	snprintf(path, sizeof(path), "%s/acme/%s.key.age", outbox, number);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	approve(k, number, sha256);
	tend_anew(k);
	assert_non_null(strstr(keys_waiting(k, number), "move it away"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(staged(), 2);
}

/* The encrypted key is there, and the plain one still: a kill between the
 * two.  And one that is encrypted and not delivered. */
static void
test_left(void **state)
{
	char number[NUMBER_TEXT], sha256[SHA256_HEX];
	struct keys *k;
	int both;

	(void)state;
	recipient = age_recipient;
	for (both = 0; both < 2; both++) {
		k = open_keys();
		make_stuck(k, number, sha256);
		if (both)
			copy(number, ".saved", ".key");
		keys_close(k);
		/* recipients change nothing of what is encrypted */
		recipient = NULL;
		k = open_keys();
		tend_anew(k);
		assert_delivered(number, sha256, identity);
		recipient = age_recipient;
		keys_close(k);
	}
}

/* What no commit knows, or whose case is over, is destroyed. */
static void
test_destroyed(void **state)
{
	char number[NUMBER_TEXT], other[NUMBER_TEXT], sha256[SHA256_HEX];
	struct keys *k = open_keys();

	(void)state;
	recipient = "age1nonsense";
	make(k, number, sha256);
	keys_close(k);
	k = open_keys();
	tend_anew(k);
	assert_int_equal(staged(), 0);
	/* a commit with another digest knows it as little */
	make(k, other, sha256);
	keys_close(k);
	approve(NULL, other, "00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff");
	k = open_keys();
	tend_anew(k);
	assert_int_equal(staged(), 0);
	make(k, number, sha256);
	approve(k, number, sha256);
	tend_anew(k);
	assert_int_equal(staged(), 1);
	end_case(k, number);
	tend(k);
	assert_int_equal(staged(), 0);
	assert_null(keys_waiting(k, number));
	keys_close(k);
}

/* The first line of a file that begins with this. */
static void
read_line(const char *path, const char *mark, char *to, size_t size)
{
	FILE *f = fopen(path, "r");
	char line[1000];
	char *at;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if ((at = strstr(line, mark)) != NULL)
			snprintf(to, size, "%.*s", (int)strcspn(at, "\n"),
			    at);
	fclose(f);
	assert_true(to[0] != '\0');
}

static int
run(const char *const argv[])
{
	struct buf out = BUF_INIT;
	int status = -1, failed = spawn_capture(argv, -1, &out, 65536, 10000,
	    &status);

	buf_free(&out);
	return failed != 0 ? -1 : status;
}

static int
set_up(void **state)
{
	const char *const keygen[] = { "age-keygen", "-o", identity, NULL };
	const char *const ssh[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N",
	    "", "-f", ssh_identity, NULL };
	char pub[330];

	(void)state;
	snprintf(outbox, sizeof(outbox), "%s/outbox", unit_dir());
	snprintf(own, sizeof(own), "%s/own", unit_dir());
	snprintf(identity, sizeof(identity), "%s/identity", unit_dir());
	snprintf(ssh_identity, sizeof(ssh_identity), "%s/ssh", unit_dir());
	if (mkdir(outbox, 0700) != 0 || mkdir(own, 0700) != 0 ||
	    run(keygen) != 0 || run(ssh) != 0)
		return -1;
	read_line(identity, "age1", age_recipient, sizeof(age_recipient));
	snprintf(pub, sizeof(pub), "%s.pub", ssh_identity);
	read_line(pub, "ssh-ed25519", ssh_recipient, sizeof(ssh_recipient));
	desk.own = open(own, O_RDONLY | O_DIRECTORY);
	desk.uid = geteuid();
	idx = index_open(own, INDEX_ANEW);
	return desk.own < 0 || idx == NULL ? -1 : index_sort(idx);
}

static int
tear_down(void **state)
{
	index_close(idx);
	map_free(&desk.notices);
	return unit_clean(state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_bad_recipient),
		cmocka_unit_test(test_no_age),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_slow_age),
		cmocka_unit_test(test_bad_among_good),
		cmocka_unit_test(test_siblings),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_destroyed),
	};

	if (hash_open() != 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
