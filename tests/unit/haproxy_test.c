/*
 * haproxy_test: an admin socket that the test itself answers at: everything
 * is told at first, then changes; in the order that lets nobody pass who
 * should not; and again after all that can go wrong.
 */
#include "unit.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "clock.h"
#include "haproxy.h"

#define INFO "Name: HAProxy\nVersion: 2.6.12\nNbproc: 1\nPid: %d\nUptime: 0\n\n"
#define MAPS								\
	"# id (file) description\n"					\
	"1 (clients.map) pattern loaded from file 'clients.map' used by "\
	"map at file 'haproxy.cfg' line 22. curr_ver=0 entry_cnt=1\n"	\
	"2 (expiry.map) pattern loaded from file 'expiry.map' used\n"	\
	"3 (quota.map) pattern loaded from file 'quota.map' used\n"	\
	"4 (/d/apis.map) pattern loaded from file '/d/apis.map' used\n"	\
	"5 (/e/apis.map) pattern loaded from file '/e/apis.map' used\n\n"

static int server = -1;

/* The admin socket. */

static void
listen_here(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strcpy(a.sun_path, unit_in("sock"));
	unlink(a.sun_path);
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(server, 4), 0);
}

/* Takes the line that was asked, without "show info" at its beginning; NULL:
 * nothing was. */
static const char *
asked(int *fd)
{
	static char line[65536];
	ssize_t n;

	*fd = accept(server, NULL, NULL);
	if (*fd < 0)
		return NULL;
	n = read(*fd, line, sizeof(line) - 1);
	assert_true(n > 0 && line[n - 1] == '\n');
	line[n - 1] = '\0';
	assert_memory_equal(line, "show info;", 10);
	return line + 10;
}

static void
answer(int fd, int pid, const char *text)
{
	dprintf(fd, INFO "%s", pid, text);
	close(fd);
}

/* That this is asked next; it is answered so, and the answer taken. */
static void
expect(struct haproxy *h, const char *want, int pid, const char *text)
{
	const char *got;
	int fd;

	haproxy_tend(h);
	got = asked(&fd);
	assert_non_null(got);
	assert_string_equal(got, want);
	answer(fd, pid, text);
	haproxy_tend(h);
}

static void
expect_nothing(struct haproxy *h)
{
	int fd;

	haproxy_tend(h);
	assert_null(asked(&fd));
}

static struct map_item
item(const char *key, const char *value)
{
	struct map_item i;

	snprintf(i.key, sizeof(i.key), "%s", key);
	snprintf(i.value, sizeof(i.value), "%s", value);
	return i;
}

static void
change(struct haproxy *h, enum change c, enum map_kind map, const char *key,
    const char *value)
{
	struct map_item i = item(key, value);

	haproxy_change(h, c, map, &i);
}

#define PREPARE "prepare map /d/apis.map;prepare map quota.map;"	\
	"prepare map expiry.map;prepare map clients.map"
#define PREPARED "New version created: 4\n\nNew version created: 5\n\n"	\
	"New version created: 6\n\nNew version created: 7\n\n"
#define COMMIT "commit map @4 /d/apis.map;commit map @5 quota.map;"	\
	"commit map @6 expiry.map;commit map @7 clients.map"

/* Up to where items are wanted. */
static void
expect_beginning(struct haproxy *h, int pid)
{
	const char *got;
	int fd;

	haproxy_tend(h);
	got = asked(&fd);
	assert_non_null(got);
	assert_string_equal(got, "show map");
	answer(fd, pid, MAPS);
	haproxy_tend(h);
	got = asked(&fd);
	assert_non_null(got);
	assert_string_equal(got, PREPARE);
	answer(fd, pid, PREPARED);
	assert_true(haproxy_tend(h));
	assert_true(haproxy_wants(h) && haproxy_is_renewing(h));
}

static struct haproxy *
meet(int pid)
{
	struct haproxy *h = haproxy_new(unit_in("sock"), "/d");

	expect_beginning(h, pid);
	haproxy_given(h);
	expect(h, COMMIT, pid, "\n\n\n\n");
	assert_true(haproxy_is_told(h));
	assert_null(haproxy_trouble(h));
	return h;
}

static void
test_all(void **state)
{
	struct haproxy *h;
	struct map_item i;

	(void)state;
	listen_here();
	h = haproxy_new(unit_in("sock"), "/d");
	assert_true(haproxy_due(h) <= clock_ticks());
	assert_false(haproxy_is_told(h));
	expect_beginning(h, 17);
	assert_false(haproxy_is_told(h));
	i = item("h1/orders", "1");
	haproxy_give(h, MAP_APIS, &i);
	i = item("h1", "acme");
	haproxy_give(h, MAP_CLIENTS, &i);
	assert_false(haproxy_wants(h));
	expect(h, "add map @4 /d/apis.map h1/orders 1;"
	    "add map @7 clients.map h1 acme", 17, "\n\n");
	assert_true(haproxy_wants(h));
	haproxy_given(h);
	expect(h, COMMIT, 17, "\n\n\n\n");
	assert_true(haproxy_is_told(h));
	assert_false(haproxy_is_renewing(h));
	expect_nothing(h);
	assert_true(haproxy_due(h) > clock_ticks());
	haproxy_free(h);
	close(server);
}

static void
test_changes(void **state)
{
	struct haproxy *h;

	(void)state;
	listen_here();
	h = meet(17);
	change(h, CHANGE_DELETE, MAP_CLIENTS, "h1", "");
	change(h, CHANGE_SET, MAP_QUOTA, "h2", "7");
	change(h, CHANGE_ADD, MAP_CLIENTS, "h3", "acme");
	assert_false(haproxy_is_told(h));
	/* one that is gone already will do */
	expect(h, "del map clients.map h1 ;set map quota.map h2 7;"
	    "add map clients.map h3 acme", 17, "Key not found.\n\n\n\n");
	assert_true(haproxy_is_told(h));
	assert_null(haproxy_trouble(h));
	haproxy_free(h);
	close(server);
}

/* Changes while everything is told: to the maps in use, and once more where
 * the case was told before. */
static void
test_meanwhile(void **state)
{
	struct haproxy *h;
	struct map_item i = item("h1", "acme");

	(void)state;
	listen_here();
	h = meet(17);
	haproxy_renew(h);
	expect(h, PREPARE, 17, PREPARED);
	haproxy_give(h, MAP_CLIENTS, &i);
	expect(h, "add map @7 clients.map h1 acme", 17, "\n");
	change(h, CHANGE_DELETE, MAP_CLIENTS, "h1", "");
	haproxy_after(h, CHANGE_DELETE, MAP_CLIENTS, &i);
	change(h, CHANGE_ADD, MAP_CLIENTS, "h2", "acme");
	expect(h, "del map clients.map h1 ;add map clients.map h2 acme", 17,
	    "\n\n");
	haproxy_given(h);
	expect(h, COMMIT, 17, "\n\n\n\n");
	assert_false(haproxy_is_told(h));
	expect(h, "del map clients.map h1 ", 17, "\n");
	assert_true(haproxy_is_told(h));
	haproxy_free(h);
	close(server);
}

/* More than a line holds. */
static void
test_many(void **state)
{
	struct haproxy *h;
	const char *got, *at;
	char key[65];
	int fd, n = 0, lines = 0;

	(void)state;
	listen_here();
	h = meet(17);
	for (n = 0; n < 1000; n++) {
		snprintf(key, sizeof(key), "%064d", n);
		change(h, CHANGE_DELETE, MAP_CLIENTS, key, "");
	}
	for (n = 0; !haproxy_is_told(h); lines++) {
		haproxy_tend(h);
		got = asked(&fd);
		assert_non_null(got);
		assert_true(strlen(got) < 16000);
		for (at = got; (at = strstr(at, "del map ")) != NULL; n++) {
			at += strlen("del map clients.map ");
			assert_int_equal(atoi(at), n);
		}
		answer(fd, 17, "\n");
		haproxy_tend(h);
	}
	assert_int_equal(n, 1000);
	assert_true(lines > 1 && lines < 20);
	haproxy_free(h);
	close(server);
}

/* Another process has read the files as they were. */
static void
test_restart(void **state)
{
	struct haproxy *h;

	(void)state;
	listen_here();
	h = meet(17);
	change(h, CHANGE_DELETE, MAP_CLIENTS, "h1", "");
	expect(h, "del map clients.map h1 ", 18, "Key not found.\n\n");
	assert_false(haproxy_is_told(h));
	expect_beginning(h, 18);
	haproxy_given(h);
	expect(h, COMMIT, 18, "\n\n\n\n");
	assert_true(haproxy_is_told(h));
	haproxy_free(h);
	close(server);
}

static void
test_trouble(void **state)
{
	static const struct {
		const char *answer, *says;
	} rows[] = {
		{ "Permission denied\n\n", "Permission denied" },
		{ "entry not found.\n\n", "entry not found" },
		{ "Unknown map identifier. Please use #<id> or <file>.\n\n",
		  "Unknown map identifier" },
	};
	struct haproxy *h;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		listen_here();
		h = meet(17);
		change(h, CHANGE_SET, MAP_QUOTA, "h1", "7");
		expect(h, "set map quota.map h1 7", 17, rows[i].answer);
		assert_non_null(haproxy_trouble(h));
		assert_true(unit_has(haproxy_trouble(h), rows[i].says));
		assert_false(haproxy_is_told(h));
		/* not at once */
		expect_nothing(h);
		assert_true(haproxy_due(h) > clock_ticks());
		haproxy_free(h);
		close(server);
	}
}

static void
test_nobody(void **state)
{
	struct haproxy *h;
	int fd;

	(void)state;
	unlink(unit_in("sock"));
	h = haproxy_new(unit_in("sock"), "/d");
	haproxy_tend(h);
	assert_true(unit_has(haproxy_trouble(h), strerror(ENOENT)));
	/* then it comes */
	listen_here();
	while (clock_ticks() < haproxy_due(h))
		usleep(10000);
	expect_beginning(h, 17);
	haproxy_given(h);
	expect(h, COMMIT, 17, "\n\n\n\n");
	assert_null(haproxy_trouble(h));
	/* and hangs up in the middle */
	change(h, CHANGE_DELETE, MAP_CLIENTS, "h1", "");
	haproxy_tend(h);
	assert_non_null(asked(&fd));
	close(fd);
	haproxy_tend(h);
	assert_false(haproxy_is_told(h));
	haproxy_free(h);
	close(server);
}

static void
test_names(void **state)
{
	static const char info[] = "Name: HAProxy\nPid: 5\n\n";
	static const char some[] =
	    "1 (/x/clients.map) pattern loaded from file\n"
	    "2 (/x/expiry.map) pattern loaded from file\n"
	    "3 (/x/quota.map) pattern loaded from file\n";
	struct haproxy_maps m;
	struct buf text = BUF_INIT, why = BUF_INIT;

	(void)state;
	assert_int_equal(haproxy_parse("", "/d", &m, &why), -1);
	assert_int_equal(haproxy_parse("\n\nPid: 5\n", "/d", &m, &why), -1);
	buf_clear(&why);
	buf_putf(&text, "%s%s", info, some);
	assert_int_equal(haproxy_parse(buf_str(&text), "/d", &m, &why), -1);
	assert_true(unit_has(buf_str(&why), "no map apis.map"));
	buf_clear(&why);
	buf_puts(&text, "4 (/a b)(/apis.map) pattern loaded from file\n");
	assert_int_equal(haproxy_parse(buf_str(&text), "/d", &m, &why), 0);
	assert_int_equal(m.pid, 5);
	assert_string_equal(m.name[MAP_APIS], "/a b)(/apis.map");
	assert_string_equal(m.name[MAP_CLIENTS], "/x/clients.map");
	/* of two neither, unless one is ours */
	buf_puts(&text, "5 (/y/quota.map) pattern loaded from file\n");
	assert_int_equal(haproxy_parse(buf_str(&text), "/d", &m, &why), -1);
	assert_true(unit_has(buf_str(&why), "several maps quota.map"));
	assert_int_equal(haproxy_parse(buf_str(&text), "/x", &m, &why), 0);
	assert_string_equal(m.name[MAP_QUOTA], "/x/quota.map");
	assert_int_equal(haproxy_parse(buf_str(&text), "/y", &m, &why), 0);
	assert_string_equal(m.name[MAP_QUOTA], "/y/quota.map");
	buf_free(&text);
	buf_free(&why);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_meanwhile),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
