/*
 * errand_test: a program that is heard out without waiting: what it says, how
 * it ends, and one that takes too long or says too much.
 */
#include "unit.h"

#include "clock.h"
#include "errand.h"

static struct errand errand;

/* Sent, and waited for by what poll says; as errand_go_on(). */
static int
run(const char *line, int in, size_t most, int64_t ms, int *status)
{
	const char *const argv[] = { "sh", "-c", line, NULL };
	struct pollfd fds[ERRAND_FDS];
	int64_t left;
	int got;

	errand = (struct errand)ERRAND_INIT;
	assert_false(errand_is_out(&errand));
	assert_true(errand_due(&errand) == INT64_MAX);
	assert_int_equal(errand_begin(&errand, argv, in, most, ms), 0);
	while ((got = errand_go_on(&errand, status)) == 0) {
		assert_true(errand_is_out(&errand));
		left = errand_due(&errand) - clock_ticks();
		poll(fds, errand_poll(&errand, fds), left < 0 ? 0 :
		    (int)left);
	}
	assert_false(errand_is_out(&errand));
	assert_int_equal(errand_poll(&errand, fds), 0);
	return got;
}

static void
test_said(void **state)
{
	int pair[2], status;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	fcntl(pair[1], F_SETFD, FD_CLOEXEC);
	assert_int_equal(write(pair[1], "in\n", 3), 3);
	close(pair[1]);
	assert_int_equal(run("cat; echo err >&2; exit 3", pair[0], 100, 10000,
	    &status), 1);
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_string_equal(buf_str(&errand.said), "in\nerr\n");
	/* the descriptor is ours still */
	assert_true(fcntl(pair[0], F_GETFD) >= 0);
	close(pair[0]);
	errand_end(&errand);
	assert_int_equal(errand.said.len, 0);
}

static void
test_too_much(void **state)
{
	int status;

	(void)state;
	assert_int_equal(run("yes | head -c 1000000", -1, 50, 10000, &status),
	    1);
	assert_int_equal(status, 0);
	assert_int_equal(errand.said.len, 50);
	errand_end(&errand);
}

/* Nor does it matter whom it has left with its output. */
static void
test_left_open(void **state)
{
	int64_t began = clock_ticks();
	int status;

	(void)state;
	assert_int_equal(run("sleep 20 & echo well", -1, 50, 15000, &status),
	    1);
	assert_int_equal(status, 0);
	assert_string_equal(buf_str(&errand.said), "well\n");
	assert_true(clock_ticks() - began < 10000);
	errand_end(&errand);
}

static void
test_too_long(void **state)
{
	const char *const argv[] = { "sleep", "100", NULL };
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(run("echo so far; exec sleep 100", -1, 50, 300,
	    &status), -1);
	assert_true(WIFSIGNALED(status));
	assert_string_equal(buf_str(&errand.said), "so far\n");
	errand_end(&errand);
	/* who gives up does not leave it behind */
	assert_int_equal(errand_begin(&errand, argv, -1, 50, 60000), 0);
	pid = errand.pid;
	errand_end(&errand);
	assert_int_equal(kill(pid, 0), -1);
	errand_end(&errand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_left_open),
		cmocka_unit_test(test_too_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, unit_clean);
}
