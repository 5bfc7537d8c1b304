/*
 * signals_test: what ends is seen before it is taken, what does not is not.
 */
#include "unit.h"

#include <poll.h>

#include "signals.h"

static bool
readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void
test_signals(void **state)
{
	int fd = signals_open();

	(void)state;
	assert_true(fd >= 0);
	assert_false(readable(fd));
	assert_int_equal(signals_take(fd), 0);
	assert_false(signals_say_end());

	assert_int_equal(raise(SIGHUP), 0);
	assert_true(readable(fd));
	assert_false(signals_say_end());
	assert_int_equal(raise(SIGTERM), 0);
	assert_true(signals_say_end());
	/* the one that waits is not taken by looking */
	assert_true(signals_say_end());
	assert_int_equal(signals_take(fd), SIGHUP);
	assert_true(signals_say_end());
	assert_int_equal(signals_take(fd), SIGTERM);
	assert_false(signals_say_end());
	assert_false(readable(fd));

	assert_int_equal(raise(SIGINT), 0);
	assert_true(signals_say_end());
	assert_int_equal(signals_take(fd), SIGINT);
	close(fd);
}

static void
test_ends(void **state)
{
	(void)state;
	assert_true(signals_end(SIGTERM));
	assert_true(signals_end(SIGINT));
	assert_false(signals_end(SIGHUP));
	assert_false(signals_end(0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
