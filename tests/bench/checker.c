/*
 * checker: the workers alone.
 *
 *	checker DESK FORM ...
 *
 * Reads the forms, has them checked under the rules of a desk as intake does
 * (sandbox, messages and all), and says how long that took, without reading
 * them, on the clock and on the processors.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "hash.h"
#include "log.h"

#include "limit.h"

#include "desk.h"
#include "rules.h"
#include "settings.h"

#include "pool.h"

#include "tick.h"

static double
seconds_of(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static struct pool *
open_pool(const char *path)
{
	struct buf why = BUF_INIT;
	struct faults faults = FAULTS_INIT;
	const struct rules_file *conf;
	static struct settings settings;
	static struct rules rules;
	static struct desk desk;
	struct conf_error e;
	struct pool *pool;

	if (desk_open(&desk, path, false, &why) != 0 ||
	    rules_load(&rules, &desk, &why) != 0)
		give_up(buf_str(&why));
	conf = rules_get(&rules, "docket.conf");
	if (conf == NULL || settings_parse(&settings, conf->data, conf->len,
	    &e) != 0)
		give_up("docket.conf is not valid");
	pool = pool_open(&rules, &settings, &faults);
	if (pool == NULL)
		give_up("docket-check cannot be started");
	return pool;
}

/* As many in hand as a desk has. */
static void
check_all(struct pool *pool, struct job *jobs, size_t n)
{
	size_t submitted = 0, done = 0;
	struct job *j;

	while (done < n) {
		while (submitted < n && submitted - done < LIMIT_IN_HAND)
			pool_submit(pool, &jobs[submitted++]);
		j = pool_wait(pool);
		if (j == NULL || j->outcome != OUTCOME_VERDICT)
			give_up("a worker failed");
		if (j->verdict.faults.n > 0)
			give_up("a form is refused");
		verdict_free(&j->verdict);
		done++;
	}
}

int
main(int argc, char **argv)
{
	struct job *jobs = mem_grow(NULL, (size_t)argc, sizeof(*jobs));
	struct buf *files = mem_grow(NULL, (size_t)argc, sizeof(*files));
	size_t i, n = (size_t)argc - 2;
	double began, own, all;
	struct pool *pool;

	if (argc < 3) {
		fputs("usage: checker DESK FORM ...\n", stderr);
		return 2;
	}
	log_least(LOG_WARN);
	if (hash_open() != 0)
		give_up("there are no random numbers");
	for (i = 0; i < n; i++) {
		files[i] = (struct buf)BUF_INIT;
		if (fs_read_file(AT_FDCWD, argv[i + 2], LIMIT_FORM,
		    &files[i]) != 0)
			give_up(argv[i + 2]);
		jobs[i] = (struct job){ .purpose = PURPOSE_INTAKE, .box = "",
		    .today = clock_day(clock_now()), .data = files[i].data,
		    .len = files[i].len };
	}
	began = tick();
	own = seconds_of(RUSAGE_SELF);
	pool = open_pool(argv[1]);
	check_all(pool, jobs, n);
	pool_close(pool);
	while (wait(NULL) > 0 || errno != ECHILD)
		;
	all = seconds_of(RUSAGE_CHILDREN);
	own = seconds_of(RUSAGE_SELF) - own;
	printf("forms=%zu seconds=%.6f docket=%.6f workers=%.6f\n", n,
	    (tick() - began) / 1e3, own, all);
	for (i = 0; i < n; i++)
		buf_free(&files[i]);
	free(files);
	free(jobs);
	return 0;
}
