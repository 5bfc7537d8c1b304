/*
 * log_test: a line an event, whatever is in it: foreign text forges no line,
 * no pair, and steers no terminal.
 */
#include "unit.h"

#include <time.h>

#include "clock.h"
#include "log.h"
#include "text.h"

/* Standard error goes to a file meanwhile. */
static int saved_stderr;

static void
listen_to(const char *name)
{
	int fd = open(unit_in(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0644);

	assert_true(fd >= 0);
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void
heard(const char *name, struct buf *out)
{
	fflush(stderr);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	buf_clear(out);
	assert_true(unit_get(AT_FDCWD, unit_in(name), out));
}

/* What stands behind the time, which is one. */
static const char *
behind_time(const struct buf *b)
{
	char when[TIME_TEXT];
	int64_t at;

	assert_true(b->len > 21);
	snprintf(when, sizeof(when), "%.20s", b->data);
	assert_int_equal(time_parse(when, &at), 0);
	assert_true(at <= (int64_t)time(NULL));
	assert_int_equal(b->data[20], ' ');
	return b->data + 21;
}

static void
test_lines(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	listen_to("one");
	log_event(LOG_INFO, "AK-000012", "event", "approve", "by", "alice",
	    "none", NULL, "note", "", "why", "it = good", NULL);
	heard("one", &b);
	assert_string_equal(behind_time(&b), "AK-000012 event=approve by=alice"
	    " note=\"\" why=\"it = good\"\n");
	listen_to("two");
	log_event(LOG_WARN, "pool", NULL);
	heard("two", &b);
	assert_string_equal(behind_time(&b), "pool level=warn\n");
	listen_to("three");
	errno = ENOSPC;
	log_errno("desk", "write", "no tices");
	assert_int_equal(errno, ENOSPC);
	heard("three", &b);
	assert_string_equal(behind_time(&b), "desk level=error failed=write "
	    "name=\"no tices\" error=\"No space left on device\"\n");
	buf_free(&b);
}

static void
test_levels(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	listen_to("levels");
	log_event(LOG_DEBUG, "a", NULL);
	log_least(LOG_ERROR);
	log_event(LOG_WARN, "b", NULL);
	log_event(LOG_ERROR, "c", NULL);
	log_least(LOG_DEBUG);
	log_event(LOG_DEBUG, "d", NULL);
	log_least(LOG_INFO);
	heard("levels", &b);
	assert_null(strstr(buf_str(&b), " a"));
	assert_null(strstr(buf_str(&b), " b"));
	assert_true(unit_has(buf_str(&b), " c level=error\n"));
	assert_true(unit_has(buf_str(&b), " d level=debug\n"));
	buf_free(&b);
}

/* Behind a word: up to an end that no backslash stands before. */
static const char *
skip_word(const char *p, const char *ends)
{
	for (; *p != '\0' && strchr(ends, *p) == NULL; p++)
		if (*p == '\\')
			p++;
	return p;
}

/* "subject key=value" and nothing more. */
static void
check_shape(const char *p)
{
	p = skip_word(p, " \n");
	assert_memory_equal(p, " key=", 5);
	p += 5;
	if (*p == '"')
		p = skip_word(p + 1, "\"\n") + 1;
	else
		p = skip_word(p, " =\"\n");
	assert_string_equal(p, "\n");
}

static void
test_nothing_is_forged(void **state)
{
	static const char *const pieces[] = { "a", " ", "=", "\"", "\\", "\n",
	    "\r", "\t", "\x1b[2J", "\x7f", "\xc2\x9b", "\xe2\x80\xae", "\xff",
	    "2026-11-22T10:00:00Z AK-000001 event=approve" };
	struct buf b = BUF_INIT, value = BUF_INIT;
	size_t n;
	int k;

	(void)state;
	for (k = 0; k < 500; k++) {
		buf_clear(&value);
		for (n = rnd(8); n > 0; n--)
			buf_puts(&value, pieces[rnd(COUNT(pieces))]);
		listen_to("forged");
		log_event(LOG_INFO, buf_str(&value), "key", buf_str(&value),
		    NULL);
		heard("forged", &b);
		assert_ptr_equal(strchr(buf_str(&b), '\n'),
		    buf_str(&b) + b.len - 1);
		assert_true(text_plain(buf_str(&b), b.len - 1));
		check_shape(behind_time(&b));
	}
	buf_free(&b);
	buf_free(&value);
}

static void
end_fatally(void *arg)
{
	(void)arg;
	fatal("no more");
}

static void
end_wrongly(void *arg)
{
	(void)arg;
	bug("we are wrong");
}

static void
test_ends(void **state)
{
	int status;

	(void)state;
	status = unit_status(end_fatally, NULL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 4);
	assert_bug(end_wrongly, NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_nothing_is_forged),
		cmocka_unit_test(test_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
